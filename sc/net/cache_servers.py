"""The servers of the cache, as the operator configured them."""

from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates
from OpenSSL.crypto import FILETYPE_ASN1
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.ssl import (
    Certificate,
    optionsForClientTLS,
    trustRootFromCertificates,
)

from sc.net.cache_server import CacheServer
from sc.net.cache_settings import CacheSettings, MemcachedSettings, RedisSettings
from sc.net.relay_secrets import first_line
from sc.net.relay_settings import host_and_port
from sc.net.stream_exchange import ExchangeError, client_endpoint
from sc.wire.memcached import MemcachedCodec
from sc.wire.redis import Login, RedisCodec


def redis_server(settings: CacheSettings, clock: IReactorTime) -> CacheServer:
    redis = settings.redis
    return CacheServer(
        redis.server,
        partial(_redis_endpoint, redis, clock),
        lambda: RedisCodec(_login(redis)),
        clock,
        settings.timeout,
    )


def memcached_servers(
    settings: CacheSettings, clock: IReactorTime
) -> tuple[CacheServer, ...]:
    servers: MemcachedSettings = settings.memcached
    return tuple(
        CacheServer(
            name,
            partial(client_endpoint, clock, name),
            MemcachedCodec,
            clock,
            settings.timeout,
        )
        for name in servers.servers
    )


def _login(settings: RedisSettings) -> Login:
    password = settings.password
    if settings.password_file is not None:
        try:
            password = first_line(settings.password_file)
        except OSError as e:
            raise ExchangeError(f"password_file cannot be read: {e.strerror}") from e
        except UnicodeDecodeError:
            # From None: it carries the octets.
            raise ExchangeError("password_file is not UTF-8") from None
    return Login(settings.user, password, settings.database)


def _redis_endpoint(
    settings: RedisSettings, clock: IReactorTime
) -> IStreamClientEndpoint:
    endpoint = client_endpoint(clock, settings.server)
    if not settings.tls:
        return endpoint
    host, _ = host_and_port(settings.server)
    if settings.ca_file is None:
        return wrapClientTLS(optionsForClientTLS(host), endpoint)
    roots = trustRootFromCertificates(_certificates(settings.ca_file))
    return wrapClientTLS(optionsForClientTLS(host, roots), endpoint)


def _certificates(ca_file: str) -> list[Certificate]:
    try:
        found = load_pem_x509_certificates(Path(ca_file).read_bytes())
    except OSError as e:
        raise ExchangeError(f"ca_file cannot be read: {e.strerror}") from e
    except ValueError:
        raise ExchangeError("ca_file holds no PEM certificate") from None
    return [
        Certificate.load(c.public_bytes(Encoding.DER), FILETYPE_ASN1) for c in found
    ]
