"""sc.content.dkim_key: no stranger's key reaches the verifier unread."""

from base64 import b64encode
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from sc.content.dkim_key import MAX_RECORD, KeyRecordError, read_record
from tests.fakes.dkim_keys import ed25519_key, rsa_key

SPKI = PublicFormat.SubjectPublicKeyInfo
RSA = b64encode(rsa_key().public_key().public_bytes(Encoding.DER, SPKI))
ED25519 = b64encode(ed25519_key().public_key().public_bytes_raw())

SPKI_ED25519 = b64encode(ed25519_key().public_key().public_bytes(Encoding.DER, SPKI))


def rsa(modulus: int, exponent: int = 65537) -> bytes:
    key = RSAPublicNumbers(exponent, modulus).public_key()
    return b"p=" + b64encode(key.public_bytes(Encoding.DER, SPKI))


def test_good() -> None:
    """A key is written anew, whatever stood around it."""
    plain = read_record(b"v=DKIM1; k=rsa; p=" + RSA)
    assert plain == read_record(b"p=" + RSA[:100] + b" " + RSA[100:] + b"; n=a note;")
    assert plain.record == b"v=DKIM1; k=rsa; p=" + RSA
    assert (plain.kind, plain.testing, plain.strict) == ("rsa", False, False)
    flags = read_record(b"t=y : s; h=sha1:sha256; s=other:email; p=" + RSA)
    assert (flags.testing, flags.strict) == (True, True)
    ed25519 = read_record(b"v=DKIM1; k=ed25519; p=" + ED25519)
    assert (ed25519.kind, ed25519.record[-44:]) == ("ed25519", ED25519)


def test_bare_key() -> None:
    """Some publish the RSA key without its wrapper; it gets one."""
    bare = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert read_record(b"p=" + b64encode(bare)).record.endswith(RSA)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "no key"),
        (b"v=spf1 -all", "no list|unknown version"),
        (b"v=DKIM2; p=" + RSA, "unknown version"),
        (b"h=sha1; p=" + RSA, "SHA-256"),
        (b"s=tlsrpt; p=" + RSA, "not for mail"),
        (b"k=dsa; p=" + RSA, "unknown kind"),
        (b"p=", "revoked"),
        (b"p=;", "revoked"),
        (b"p=*", "not Base64"),
        (b"p=AAAA", "cannot be read"),
        (b"k=ed25519; p=AAAA", "not the Ed25519 key"),
        (b"p=" + SPKI_ED25519, "not the RSA key"),
        (b"p=" + RSA + b"; p=" + RSA, "no list of tags"),
        (b"p=" + b"A" * MAX_RECORD, "too long"),
        (rsa((1 << 1022) + 1), "1023 bits"),
        (rsa((1 << 4096) + 1), "4097 bits"),
        (rsa((1 << 2047) + 1, (1 << 32) + 1), "large exponent"),
    ],
)  # fmt: skip
def test_bad(text: bytes, why: str) -> None:
    """What is no key, or one that costs too much, is told."""
    with pytest.raises(KeyRecordError, match=why):
        read_record(text)


@given(
    st.binary(max_size=300) | st.binary(max_size=60).map(lambda b: b"p=" + b64encode(b))
)
def test_only_its_own_error(text: bytes) -> None:
    """Whatever stands in DNS, nothing but `KeyRecordError` comes out."""
    with suppress(KeyRecordError):
        read_record(text)
