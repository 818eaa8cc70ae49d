"""Private keys for DKIM, read from their files and checked before they sign."""

import binascii
import os
import stat
from base64 import b64decode, b64encode

from attrs import field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sc.abuse.reports.dkim_settings import DkimSettings
from sc.abuse.settings import AbuseReportSettings
from sc.content.urls import within

MAX_FILE = 64 * 1024
"""Octets of a key file; the largest key that we take has 3 KB."""

MIN_BITS, GOOD_BITS, MAX_BITS = 1024, 2048, 4096
"""RFC 8301 3.2: what signers must and should have, and what verifiers must take."""


class SigningKeyError(Exception):
    """A key that cannot sign; the text says why."""


@frozen
class SigningKey:
    """
    @ivar private: as dkimpy takes it.
    @ivar bits: of the modulus; 256 for Ed25519.
    @ivar record: the TXT record with the public key (RFC 6376 3.6.1, RFC 8463 4.2).
    """

    settings: DkimSettings
    algorithm: str
    private: bytes = field(repr=False)
    bits: int
    record: str


def read_key(settings: DkimSettings) -> SigningKey:
    """@raise SigningKeyError: it cannot be read, or must not be used."""
    octets = _read(settings.key_file)
    key = _parsed(octets)
    if isinstance(key, Ed25519PrivateKey):
        public = b64encode(key.public_key().public_bytes_raw()).decode()
        private = b64encode(key.private_bytes_raw())
        record = f"v=DKIM1; k=ed25519; p={public}"
        return SigningKey(settings, "ed25519-sha256", private, 256, record)
    if not isinstance(key, RSAPrivateKey):
        raise SigningKeyError("holds neither an RSA nor an Ed25519 key")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise SigningKeyError(
            f"holds an RSA key of {key.key_size} bits: verifiers take {MIN_BITS} to"
            f" {MAX_BITS}"
        )
    private = key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    public_key = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    record = f"v=DKIM1; k=rsa; p={b64encode(public_key).decode()}"
    return SigningKey(settings, "rsa-sha256", private, key.key_size, record)


def read_keys(settings: AbuseReportSettings) -> tuple[SigningKey, ...]:
    """@raise SigningKeyError: one cannot be used; the text says which."""
    keys = []
    for one in settings.dkim:
        try:
            keys.append(read_key(one))
        except SigningKeyError as e:
            raise SigningKeyError(f"abuse_report.dkim: {one.key_file} {e}") from e
    return tuple(keys)


def doubts(settings: AbuseReportSettings, keys: tuple[SigningKey, ...]) -> list[str]:
    """What works and is not as it should be; sentences for the operator."""
    weak = [
        f"abuse_report.dkim: the key {key.settings.published_at} has {key.bits} bits;"
        f" RFC 8301 asks for {GOOD_BITS}"
        for key in keys
        if key.algorithm == "rsa-sha256" and key.bits < GOOD_BITS
    ]
    author = settings.address.rpartition("@")[2].lower()
    signers = [key.settings.domain.lower() for key in keys]
    if author and signers and not any(within(author, signer) for signer in signers):
        weak.append(
            f"abuse_report.dkim: no signature is {author}'s own, the domain of"
            " abuse_report.from: to DMARC, and to desks that ask for one, the reports"
            " are unsigned"
        )
    return weak


def zone_line(key: SigningKey) -> str:
    """The record as a line of a zone file; one string has at most 255 octets."""
    text = key.record
    strings = " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
    return f"{key.settings.published_at}. IN TXT ( {strings} )"


def _read(path: str) -> bytes:
    try:
        # Not to be held up by a FIFO.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(number, "rb") as file:  # noqa: PTH123 a descriptor, not a path
            mode = os.fstat(number).st_mode
            if not stat.S_ISREG(mode):
                raise SigningKeyError("is not a file")
            if mode & stat.S_IRWXO:
                raise SigningKeyError(
                    f"is open to everybody (mode {stat.S_IMODE(mode):04o}):"
                    " chmod o= it, and use a new key if others have logins here"
                )
            octets = file.read(MAX_FILE + 1)
    except OSError as e:
        raise SigningKeyError(f"cannot be read: {e.strerror}") from e
    except ValueError as e:
        raise SigningKeyError("is not the path of a file") from e
    if len(octets) > MAX_FILE:
        raise SigningKeyError("is too large to be a key")
    return octets


def _parsed(octets: bytes) -> object:
    if b"-----BEGIN" not in octets:
        return _raw(octets)
    try:
        return load_pem_private_key(octets, None)
    except TypeError:
        raise SigningKeyError("is encrypted: a daemon has no passphrase") from None
    # From None: some of their texts quote what they read.
    except (ValueError, UnsupportedAlgorithm):
        raise SigningKeyError("holds no private key in PEM") from None


def _raw(octets: bytes) -> Ed25519PrivateKey:
    """32 octets in Base64, as dknewkey writes them."""
    try:
        return Ed25519PrivateKey.from_private_bytes(
            b64decode(octets.strip(), validate=True)
        )
    except (binascii.Error, ValueError):
        raise SigningKeyError("holds neither PEM nor 32 octets in Base64") from None
