"""sc.abuse.reports.signing_keys: a key is checked before it signs."""

import os
from base64 import b64encode
from pathlib import Path

import pytest
from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from sc.abuse.reports.dkim_settings import MAX_KEYS, DkimSettings
from sc.abuse.reports.signing_keys import (
    SigningKeyError,
    doubts,
    read_key,
    read_keys,
    zone_line,
)
from sc.abuse.settings import AbuseReportSettings
from tests.fakes.dkim_keys import ed25519_key, key_file, pem, rsa_key, signing_keys

SHORT = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIIBzAIBAAJhAKrlg+I1IulsiIwRnQWYi+2DXWQj07oq7tuQp+vZtJvZ7nZm+KXX
r2u4OWnrTFjSFYG9Sz7sHT757BT0q0R5AWS54r931lde4b0fylCMKeoUl0E3sTAZ
z9o/5SdJ92RQOwIDAQABAmAyvJtQEFiCFp/ffecxXx3D8SlL7rsQXWi2tRa1ldfi
IWyDqISPsB47i+E3ygzLnesaVyc5F8Ej3cLEd7yGou3aLJJP9MUzuDqq1O8w9Q7k
C/zHal2Lx3XFeja18Gv8EMkCMQDbfOZ3mNWkxUTBluoQCgPQ0slIOQvcExH5L4bM
NNwWxQSvVwsb6bcm7ZrgsgSlk2cCMQDHU05r1+1+WmgQD3gmqkVBxRGJyF+3rp4B
BQMqmwNXTj72rE9ReV/8sw8bEVZ1DA0CMQDMwjly6zasD4h0HWjga6dhobM7WFSz
C2tiDy9uxAVqjIQxWz+225MMku9AnXJuURMCMQCmY9BvDg1fELEV1xQBktnFkXCW
iAH/H3EegMSn6Ebdtp+w4x5DcQLDu+W8PrjhdHECMQCmu92qhXb+NTsHNFXpBdhP
l6mGY2sTozzuA8vFiXqg3vCwPCF/1LQKNpCfHZRZzaE=
-----END RSA PRIVATE KEY-----
"""


def settings(path: str, domain: str = "example.org") -> DkimSettings:
    return DkimSettings(domain=domain, selector="s1", key_file=path)


def test_forms(tmp_path: Path) -> None:
    """PKCS#1, PKCS#8, and the line that dknewkey writes are keys."""
    pkcs1 = rsa_key().private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    raw = b64encode(ed25519_key().private_bytes_raw()) + b"\n"
    for octets, algorithm, bits in (
        (pkcs1, "rsa-sha256", 2048),
        (pem(rsa_key()).replace(b"\n", b"\r\n"), "rsa-sha256", 2048),
        (pem(ed25519_key()), "ed25519-sha256", 256),
        (raw, "ed25519-sha256", 256),
    ):
        key = read_key(settings(key_file(tmp_path, octets)))
        assert (key.algorithm, key.bits) == (algorithm, bits)
        assert key.private.decode() not in repr(key)


def elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encrypted() -> bytes:
    secret = BestAvailableEncryption(b"secret")
    return ed25519_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"", "neither PEM nor 32 octets"),
        (b"AAAA", "neither PEM nor 32 octets"),
        (b"-----BEGIN PRIVATE KEY-----\n", "no private key in PEM"),
        (b"-----BEGIN X-----\nAAAA\n-----END X-----\n", "no private key in PEM"),
        (elliptic(), "neither an RSA nor an Ed25519 key"),
        (encrypted(), "is encrypted"),
        (b"x" * 70_000, "too large"),
    ],
)
def test_no_key(tmp_path: Path, octets: bytes, text: str) -> None:
    """What is no key, or another kind of key, is told in a sentence."""
    with pytest.raises(SigningKeyError, match=text):
        read_key(settings(key_file(tmp_path, octets)))


def test_files(tmp_path: Path) -> None:
    """A file that is missing, open to everybody or none at all is told."""
    os.mkfifo(tmp_path / "fifo", 0o600)
    key = pem(ed25519_key())
    for path, text in (
        (str(tmp_path / "none"), "cannot be read: No such file"),
        (str(tmp_path / "fifo"), "is not a file"),
        (str(tmp_path), "cannot be read: Is a directory"),
        ("a\0b", "is not the path of a file"),
        (key_file(tmp_path, key, 0o644), r"open to everybody \(mode 0644\): chmod o="),
        (key_file(tmp_path, key, 0o602), "open to everybody"),
    ):
        with pytest.raises(SigningKeyError, match=text):
            read_key(settings(path))
    assert read_key(settings(key_file(tmp_path, key, 0o640)))


def test_short_key(tmp_path: Path) -> None:
    """Verifiers take no such key, so it signs nothing."""
    with pytest.raises(SigningKeyError, match="an RSA key of 768 bits: verifiers take"):
        read_key(settings(key_file(tmp_path, SHORT)))


def test_read_keys(tmp_path: Path) -> None:
    """Of several keys the error names the one that is wrong."""
    good = settings(key_file(tmp_path, pem(ed25519_key())))
    bad = evolve(good, selector="s2", key_file="/nowhere")
    assert len(read_keys(AbuseReportSettings(dkim=(good,)))) == 1
    with pytest.raises(SigningKeyError, match="dkim: /nowhere cannot be read"):
        read_keys(AbuseReportSettings(dkim=(good, bad)))


def test_doubts(tmp_path: Path) -> None:
    """A short key, and signatures that are not the author's own, are doubted."""
    rsa, ed25519 = signing_keys(tmp_path)
    ours = AbuseReportSettings(from_="Us <abuse@mail.Example.org>")
    assert doubts(ours, ()) == doubts(ours, (rsa, ed25519)) == []
    (short,) = doubts(ours, (evolve(rsa, bits=1024),))
    assert "2026._domainkey.example.org has 1024 bits; RFC 8301 asks for 2048" in short
    others = AbuseReportSettings(from_="abuse@badexample.org")
    (foreign,) = doubts(others, (rsa, ed25519))
    assert "no signature is badexample.org's own" in foreign
    assert doubts(AbuseReportSettings(), (rsa,)) == []


def test_zone_line(tmp_path: Path) -> None:
    """A long record is cut into strings that DNS can hold."""
    rsa, ed25519 = signing_keys(tmp_path)
    name, _, text = zone_line(rsa).partition(" IN TXT ( ")
    assert name == "2026._domainkey.example.org."
    strings = text.removesuffix(" )").strip('"').split('" "')
    assert "".join(strings) == rsa.record
    assert max(map(len, strings)) == 255
    assert f'( "{ed25519.record}" )' in zone_line(ed25519)


@pytest.mark.parametrize(
    ("domain", "selector"),
    [("org", "a"), ("a..b", "a"), ("é.example", "a"), ("a.example", ""), ("a.b", "-")],
)
def test_bad_names(domain: str, selector: str) -> None:
    """What cannot stand in DNS cannot stand in a signature."""
    with pytest.raises(ValueError, match="is not a"):
        DkimSettings(domain=domain, selector=selector, key_file="x")


def test_distinct() -> None:
    """No key twice, and not so many that a mail is all signatures."""
    one = settings("x")
    with pytest.raises(ValueError, match=r"s1\._domainkey\.example\.org stands"):
        AbuseReportSettings(dkim=(one, evolve(one, domain="EXAMPLE.org")))
    many = tuple(evolve(one, selector=f"s{n}") for n in range(MAX_KEYS + 1))
    with pytest.raises(ValueError, match="more than 4 keys"):
        AbuseReportSettings(dkim=many)
