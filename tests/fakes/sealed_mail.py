"""Mail that handlers sealed on its way, as dkimpy does it."""

import dkim
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.fakes.dkim_keys import rsa_key

COVERED = [b"from", b"to", b"subject", b"message-id"]
FOUND = "dmarc=pass header.from=sender.example"


def seal(mail: bytes, domain: str = "list.example", found: str = FOUND) -> bytes:
    """The mail with one more ARC set; what was there before is taken for right."""
    pkcs1 = rsa_key().private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    before = "arc=pass" if b"ARC-Seal:" in mail else "arc=none"
    results = f"Authentication-Results: {domain}; {found}; {before}\r\n".encode()
    name = domain.encode()
    fields = dkim.ARC(results + mail).sign(
        b"s1", name, pkcs1, name, include_headers=list(COVERED)
    )
    sealed: bytes = b"".join(fields) + mail
    return sealed
