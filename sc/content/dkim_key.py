"""Public keys for DKIM, as strangers publish them (RFC 6376 3.6.1, RFC 8463).

Whoever sends mail chooses the key that verifies it: with dkimpy, one of 16,384 bits
and a large exponent took 8.6 s for a single signature. So no record reaches it
that was not read here, and what reaches it is written anew.
"""

import binascii
from base64 import b64decode, b64encode

from attrs import field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from dkim.util import InvalidTagValueList, parse_tag_value

MAX_RECORD = 2048
"""Octets; RSA with 4096 bits needs 800."""

MIN_BITS, MAX_BITS = 1024, 4096
"""RFC 8301 3.2."""

MAX_EXPONENT = 1 << 32


class KeyRecordError(Exception):
    """A record that holds no key we use; the text says why."""


@frozen
class PublicKey:
    """
    @ivar kind: `rsa` or `ed25519`.
    @ivar record: for dkimpy: our own words about the same key.
    @ivar testing: its owner only tries DKIM: the mail counts as unsigned (`t=y`).
    @ivar strict: `i=` must be of the signer's own domain (`t=s`).
    """

    kind: str
    record: bytes = field(repr=False)
    testing: bool = False
    strict: bool = False


def read_record(text: bytes) -> PublicKey:
    """@raise KeyRecordError: there is no key in it that we use."""
    tags = _tags(text)
    flags = _words(tags.get(b"t", b""))
    kind = tags.get(b"k", b"rsa")
    encoded = tags.get(b"p")
    if encoded is None:
        raise KeyRecordError("it has no key")
    try:
        octets = b64decode(b"".join(encoded.split()), validate=True)
    except binascii.Error:
        raise KeyRecordError("its key is not Base64") from None
    if not octets:
        raise KeyRecordError("the key was revoked")
    read = {b"rsa": _rsa, b"ed25519": _ed25519}.get(kind)
    if read is None:
        raise KeyRecordError("its key is of an unknown kind")
    record = b"v=DKIM1; k=" + kind + b"; p=" + b64encode(read(octets))
    return PublicKey(kind.decode(), record, b"y" in flags, b"s" in flags)


def _tags(text: bytes) -> dict[bytes, bytes]:
    if len(text) > MAX_RECORD:
        raise KeyRecordError("it is too long")
    try:
        tags: dict[bytes, bytes] = parse_tag_value(text)
    except InvalidTagValueList:
        raise KeyRecordError("it is no list of tags") from None
    if tags.get(b"v", b"DKIM1") != b"DKIM1":
        raise KeyRecordError("it is of an unknown version")
    if b"sha256" not in _words(tags.get(b"h", b"sha256")):
        raise KeyRecordError("it does not allow SHA-256")
    if not {b"*", b"email"} & _words(tags.get(b"s", b"*")):
        raise KeyRecordError("it is not for mail")
    return tags


def _words(value: bytes) -> set[bytes]:
    return {word.strip() for word in value.split(b":")}


def _rsa(octets: bytes) -> bytes:
    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRecordError("its key cannot be read") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyRecordError("its key is not the RSA key that it says")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise KeyRecordError(f"an RSA key of {key.key_size} bits")
    if key.public_numbers().e > MAX_EXPONENT:
        raise KeyRecordError("an RSA key with a large exponent")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _ed25519(octets: bytes) -> bytes:
    if len(octets) != 32:
        raise KeyRecordError("its key is not the Ed25519 key that it says")
    return octets
