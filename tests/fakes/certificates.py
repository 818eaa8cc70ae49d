"""Certificates of every kind that a relay can show, made for the test."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

NAME = "relay.example"
CERT = b"-----BEGIN CERTIFICATE-----"


@cache
def authority() -> trustme.CA:
    """The one that the operator names in `ca_file`."""
    return trustme.CA()


def ca_file(folder: Path) -> str:
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return str(path)


def issued(
    *names: str, begins: int = -365, days: int = 30, ca: trustme.CA | None = None
) -> bytes:
    """Key and certificate, valid from `begins` until `days` from now."""
    now = datetime.now(UTC)
    leaf = (ca or authority()).issue_cert(
        *names,
        common_name=None if names else NAME,
        not_before=now + timedelta(days=begins),
        not_after=now + timedelta(days=days),
    )
    return leaf.private_key_and_cert_chain_pem.bytes()


def itself() -> bytes:
    """The authority's own key and certificate, which holds no subjectAltName."""
    ca = authority()
    return ca.private_key_pem.bytes() + ca.cert_pem.bytes()


@implementer(IOpenSSLServerConnectionCreator)
class ServerTls:
    """What a Twisted server needs to show a key and certificate."""

    def __init__(self, pem: bytes, newest: int = SSL.TLS1_3_VERSION) -> None:
        self._context = SSL.Context(SSL.TLS_METHOD)
        self._context.set_min_proto_version(SSL.TLS1_VERSION)
        self._context.set_max_proto_version(newest)
        self._context.use_certificate(load_pem_x509_certificate(pem[pem.index(CERT) :]))
        self._context.use_privatekey(load_pem_private_key(pem, None))  # type: ignore[arg-type]  # of trustme: elliptic

    def serverConnectionForTLS(
        self, tlsProtocol: TLSMemoryBIOProtocol
    ) -> SSL.Connection:
        return SSL.Connection(self._context)
