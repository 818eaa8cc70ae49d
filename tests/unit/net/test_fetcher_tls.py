"""The guarded fetcher over TLS: whose certificate it takes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet._sslverify import IOpenSSLTrustRoot
from twisted.internet.interfaces import IOpenSSLContextFactory
from twisted.web.client import BrowserLikePolicyForHTTPS
from zope.interface import implementer

from sc.net.fetcher import FetchError, FetcherSettings, ForbiddenError, GuardedFetcher
from sc.net.resolver import Destinations
from tests.fakes.web import FakeWeb, Request, factory, http
from tests.unit.net.test_fetcher import JSON, Names

REACTOR = cast(Any, reactor)


@implementer(IOpenSSLTrustRoot, IOpenSSLContextFactory)
class Shown:
    """A self-signed certificate for a name: the server's, and who vouches for it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.pem = folder / f"{name}.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now, name_too = datetime.now(UTC), x509.DNSName(name)
        built = (
            x509.CertificateBuilder(subject, subject, key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([name_too]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.pem.write_bytes(
            built.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def getContext(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate_chain_file(str(self.pem))
        context.use_privatekey_file(str(self.pem))
        return context

    def _addCACertsToContext(self, context: SSL.Context) -> None:
        context.load_verify_locations(str(self.pem))


@asynccontextmanager
async def serving_tls(web: FakeWeb, shown: Shown) -> AsyncIterator[int]:
    served = factory(web)
    port = REACTOR.listenSSL(0, served, shown, interface="127.0.0.1")
    try:
        yield port.getHost().port
    finally:
        await port.stopListening()
        for protocol in served.connections:
            if not protocol.lost.called:
                protocol.transport.abortConnection()
                await protocol.lost


def fetcher(trusted: Shown) -> GuardedFetcher:
    return GuardedFetcher(
        REACTOR,
        Names({"web.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}),
        FetcherSettings(Destinations.ANY, timeout=5.0),
        BrowserLikePolicyForHTTPS(trusted),
    )


def answer(request: Request) -> bytes:
    if request.path == "/plain":
        return http(302, headers={"Location": "http://web.example/"})
    return http(200, b"secret")


async def test_trusted(tmp_path: Path) -> None:
    """A certificate of a trusted issuer for this very name is taken."""
    shown = Shown("web.example", tmp_path)
    async with serving_tls(FakeWeb(answer), shown) as port:
        url = f"https://web.example:{port}/"
        assert (await fetcher(shown).get(url, JSON, 100)).body == b"secret"


async def test_wrong_name(tmp_path: Path) -> None:
    """A certificate for another name is not: the address is right, the host is not."""
    shown, web = Shown("web.example", tmp_path), FakeWeb(answer)
    async with serving_tls(web, shown) as port:
        with pytest.raises(FetchError, match="shows the certificate of another host"):
            await fetcher(shown).get(f"https://other.example:{port}/", JSON, 100)
    assert web.requests == []


async def test_unknown_issuer(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is not."""
    async with serving_tls(FakeWeb(answer), Shown("web.example", tmp_path)) as port:
        with pytest.raises(FetchError, match="does not speak TLS that we trust"):
            await fetcher(Shown("other.example", tmp_path)).get(
                f"https://web.example:{port}/", JSON, 100
            )


async def test_downgrade(tmp_path: Path) -> None:
    """From https nobody leads us to http."""
    shown = Shown("web.example", tmp_path)
    async with serving_tls(FakeWeb(answer), shown) as port:
        with pytest.raises(ForbiddenError, match="redirects from https to http"):
            await fetcher(shown).get(f"https://web.example:{port}/plain", JSON, 100)
