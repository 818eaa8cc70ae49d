"""Keys for DKIM in files, made once for all tests: to make one with RSA takes long."""

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from sc.abuse.reports.dkim_settings import DkimSettings
from sc.abuse.reports.signing_keys import SigningKey, read_key


@cache
def rsa_key(bits: int = 2048, exponent: int = 65537) -> RSAPrivateKey:
    return generate_private_key(exponent, bits)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_file(folder: Path, octets: bytes, mode: int = 0o600) -> str:
    path = folder / f"key{len(list(folder.glob('key*')))}"
    path.write_bytes(octets)
    path.chmod(mode)
    return str(path)


def signing_keys(
    folder: Path, domain: str = "example.org", selector: str = "2026"
) -> tuple[SigningKey, SigningKey]:
    """One with RSA and one with Ed25519, `e2026`."""
    return (
        _key(folder, domain, selector, pem(rsa_key())),
        _key(folder, domain, f"e{selector}", pem(ed25519_key())),
    )


def _key(folder: Path, domain: str, selector: str, octets: bytes) -> SigningKey:
    path = key_file(folder, octets)
    return read_key(DkimSettings(domain=domain, selector=selector, key_file=path))
