"""Where what may be lost is remembered: what the operator may set."""

import re
from enum import Enum

from attrs import Attribute, field, frozen
from attrs.validators import and_, ge, le

from sc.net.relay_settings import host_and_port

_NAMESPACE = re.compile(r"[\x21-\x7e]{1,100}")


class Backend(Enum):
    MEMORY = "memory"
    REDIS = "redis"
    MEMCACHED = "memcached"


def _check(server: str) -> None:
    if not server.startswith("/"):
        host_and_port(server)


def _server(_: object, __: "Attribute[str]", server: str) -> None:
    _check(server)


def _servers(
    _: object, __: "Attribute[tuple[str, ...]]", servers: tuple[str, ...]
) -> None:
    if not servers:
        raise ValueError("needs at least one server")
    for server in servers:
        _check(server)
    if len(set(servers)) < len(servers):
        raise ValueError("a server is listed twice")


def _path(_: object, __: "Attribute[str | None]", path: str | None) -> None:
    if path is not None and not path.startswith("/"):
        raise ValueError(f"{path!r} is not the whole path of a file")


def _namespace(_: object, __: "Attribute[str]", namespace: str) -> None:
    if not _NAMESPACE.fullmatch(namespace):
        raise ValueError("must be 1 to 100 printable ASCII characters without blanks")


@frozen
class RedisSettings:
    """
    One Redis, or what speaks like it (Valkey).

    @ivar server: `host:port`, `[IPv6 address]:port`, or the path of a UNIX socket.
    @ivar database: its number.
    @ivar user: an ACL user; needs a password. Default: the password alone is sent.
    @ivar password: here or in `password_file`.
    @ivar password_file: its first line is the password; read for each connection.
    @ivar tls: TLS from the start; the certificate must be for the host of `server`.
    @ivar ca_file: PEM certificates that are trusted in place of the system's.
    """

    server: str = field(default="127.0.0.1:6379", validator=_server)
    database: int = field(default=0, validator=and_(ge(0), le(1_000_000)))
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    password_file: str | None = field(default=None, validator=_path)
    tls: bool = False
    ca_file: str | None = field(default=None, validator=_path)

    def __attrs_post_init__(self) -> None:
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both given")
        if self.user is not None and self.password is self.password_file is None:
            raise ValueError("user needs password or password_file")
        if self.ca_file is not None and not self.tls:
            raise ValueError("ca_file needs tls: true")
        if self.tls and self.server.startswith("/"):
            raise ValueError("tls: a socket has no name that a certificate could hold")


@frozen
class MemcachedSettings:
    """
    @ivar servers: each `host:port` or the path of a UNIX socket; every key has its
        place on one of them.
    """

    servers: tuple[str, ...] = field(default=("127.0.0.1:11211",), validator=_servers)


@frozen(kw_only=True)
class CacheSettings:
    """
    What may be lost: without it `sc` asks again.

    @ivar backend: memory: of this process. redis, memcached: shared by all nodes that
        have the same `namespace`.
    @ivar namespace: begins every key.
    @ivar expiration_time: seconds for which a contact is used without asking again.
    @ivar cleanup_interval: seconds between two sweeps of what has expired in memory;
        Redis and memcached do it themselves.
    @ivar timeout: seconds for one question to Redis or memcached, connecting included.
    @ivar redis: read if `backend` is redis.
    @ivar memcached: read if `backend` is memcached.
    """

    backend: Backend = Backend.MEMORY
    namespace: str = field(default="sc:abuse-cache", validator=_namespace)
    expiration_time: float = field(
        default=3600.0, validator=and_(ge(1.0), le(2_592_000.0))
    )
    cleanup_interval: float = field(
        default=3600.0, validator=and_(ge(1.0), le(2_592_000.0))
    )
    timeout: float = field(default=0.5, validator=and_(ge(0.01), le(10.0)))
    redis: RedisSettings = RedisSettings()
    memcached: MemcachedSettings = MemcachedSettings()
