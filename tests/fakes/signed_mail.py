"""Newsletters that their senders signed, and the DNS that proves it."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

import dkim
from attrs import define, field
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from twisted.internet.defer import Deferred

from sc.abuse.reports.dkim_settings import DkimSettings
from sc.abuse.reports.signing_keys import read_key
from sc.net.resolver import NotFoundError, ResolveError
from tests.fakes.dkim_keys import ed25519_key, key_file, pem, rsa_key

NEWS = (
    b"From: News <news@sender.example>\r\n"
    b"To: bob@example.org\r\n"
    b"Subject: Deals\r\n"
    b"CFBL-Address: fbl@sender.example; report=arf\r\n"
    b"CFBL-Feedback-ID: 111:222:\r\n 333:4444\r\n"
    b"Message-ID: <1@sender.example>\r\n"
    b"\r\nBuy this,  Bob.\r\n"
)
COVERED = (b"from", b"subject", b"cfbl-address", b"cfbl-feedback-id")


def sign(
    mail: bytes,
    domain: str = "sender.example",
    *,
    covered: Sequence[bytes] = COVERED,
    canonical: bytes = b"relaxed",
    length: bool = False,
    identity: str | None = None,
    ed25519: bool = False,
) -> bytes:
    """The mail with one more signature, as dkimpy makes it."""
    pkcs1 = rsa_key().private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    raw = ed25519_key().private_bytes_raw()
    value = dkim.DKIM(mail).sign(
        b"s1",
        domain.encode(),
        b64encode(raw) if ed25519 else pkcs1,
        signature_algorithm=b"ed25519-sha256" if ed25519 else b"rsa-sha256",
        identity=identity.encode() if identity else None,
        canonicalize=(canonical, canonical),
        include_headers=list(covered),
        length=length,
    )
    signed: bytes = value + mail
    return signed


def record(folder: Path, *, ed25519: bool = False) -> bytes:
    """What is published for it."""
    path = key_file(folder, pem(ed25519_key() if ed25519 else rsa_key()))
    settings = DkimSettings(domain="x.example", selector="s1", key_file=path)
    return read_key(settings).record.encode()


@define
class StubTexts:
    """@ivar hanging: names whose answer never comes."""

    zone: Mapping[str, tuple[bytes, ...] | ResolveError]
    hanging: set[str] = field(factory=set)
    asked: list[str] = field(factory=list)

    async def txt(self, name: str) -> tuple[bytes, ...]:
        self.asked.append(name)
        if name in self.hanging:
            await Deferred()
        found = self.zone.get(name, NotFoundError(f"{name} has no TXT record"))
        if isinstance(found, ResolveError):
            raise found
        return found
