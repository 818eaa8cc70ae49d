"""Proofs of a sender that are built to be expensive, before the whole daemon.

Signatures, chains, keys, policies and files that strangers write: each message gets its
verdict, /healthz goes on answering, and the questions to DNS stay few.
"""

import json
import zipfile
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

import pytest
import pytest_twisted
from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.archives import zipped
from tests.fakes.attachments import message
from tests.fakes.dns import FakeDNS, Zone, serving_dns
from tests.fakes.signed_mail import NEWS, sign
from tests.integration.daemon import Daemon, running
from tests.integration.pulse import pulse
from tests.integration.raw_client import http, talk

SIGNATURE = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=d%d.example; s=s1;\r\n"
    b"\th=from; bh=AAAA; b=AAAA\r\n"
)
ARC = (
    b"ARC-Authentication-Results: i=%d; x.example; none\r\n"
    b"ARC-Message-Signature: i=%d; a=rsa-sha256; c=relaxed/relaxed; d=s%d.example;\r\n"
    b"\ts=s; h=from; bh=AAAA; b=AAAA\r\n"
    b"ARC-Seal: i=%d; a=rsa-sha256; d=s%d.example; s=s; cv=%s; b=AAAA\r\n"
)


def rsa(modulus: int, exponent: int) -> str:
    """A key as it is published."""
    key = RSAPublicNumbers(exponent, modulus).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "TXT v=DKIM1; p=" + b64encode(spki).decode()


KEYS: Mapping[str, list[str]] = {
    "huge": [rsa((1 << 16384) + 1, 65537)],
    "exponent": [rsa((1 << 2047) + 1, (1 << 2000) + 1)],
    "tiny": [rsa((1 << 511) + 1, 3)],
    "even": [rsa(1 << 2047, 3)],
    "ed25519": ["TXT v=DKIM1; k=ed25519; p=AAAA"],
    "garbage": ["TXT v=DKIM1; p=MIIB" + "A" * 1000],
    "tags": ["TXT " + ";" * 10_000],
    "many": ["TXT v=DKIM1; p="] * 150,
    "other": ["TXT v=spf1 -all"],
}
POLICIES: Mapping[str, tuple[list[str], str]] = {
    "two": (["TXT v=DMARC1; p=reject", "TXT v=DMARC1; p=none"], "PERMERROR"),
    "long": (["TXT v=DMARC1; p=reject; rua=" + "a" * 10_000], "PERMERROR"),
    "vast": (["TXT v=DMARC1; p=reject; rua=" + "a" * 30_000], "TEMPERROR"),
    "tags": (["TXT v=DMARC1; p=reject" + ";x=y" * 2000], "PERMERROR"),
    "word": (["TXT v=DMARC1; p=\x01"], "PERMERROR"),
    "percent": (["TXT v=DMARC1; p=reject; pct=-99999999999999999"], "REJECT"),
}
SENDERS: Mapping[str, tuple[list[str], str]] = {
    "ring": (["TXT v=spf1 include:knot.example -all"], "PERMERROR"),
    "knot": (["TXT v=spf1 include:ring.example -all"], "PERMERROR"),
    "itself": (["TXT v=spf1 redirect=itself.example"], "PERMERROR"),
    "ten": (["TXT v=spf1 " + "a:host.example " * 10 + "-all"], "FAIL"),
    "eleven": (["TXT v=spf1 " + "a:host.example " * 11 + "-all"], "PERMERROR"),
    "macros": (["TXT v=spf1 exists:" + "%{s}" * 1000 + ".example -all"], "PERMERROR"),
    "tree": (
        ["TXT v=spf1 " + "".join(f"include:t{n}.example " for n in range(10))],
        "PERMERROR",
    ),
}
ZONE: Zone = {
    "host.example": ["192.0.2.200"],
    **{f"s1._domainkey.{name}.example": told for name, told in KEYS.items()},
    **{f"_dmarc.{name}.policy.example": told for name, (told, _) in POLICIES.items()},
    **{f"{name}.example": told for name, (told, _) in SENDERS.items()},
    **{
        f"t{n}.example": ["TXT v=spf1 " + "include:tree.example " * 10]
        for n in range(10)
    },
}


@frozen
class Hostile:
    """
    @ivar expected: symbols of which each is found.
    @ivar questions: to DNS; never more.
    """

    content: bytes = field(repr=False)
    expected: frozenset[str]
    questions: int = 30
    sender: str = "a@nobody.example"


def hostile(content: bytes, *expected: str, **more: Any) -> Hostile:
    return Hostile(content, frozenset(expected), **more)


def chain(count: int) -> bytes:
    sets = (
        ARC % (n, n, n, n, n, b"pass" if n > 1 else b"none")
        for n in range(1, count + 1)
    )
    return b"".join(sets) + NEWS


def attached(name: str, octets: bytes) -> bytes:
    return message(("application/zip", name, octets))


def deep(count: int) -> bytes:
    """Archives in archives, stored: each level is a hundred octets more."""
    octets, name = b"x", "x"
    for _ in range(count):
        octets, name = zipped({name: octets}, zipfile.ZIP_STORED), "next.zip"
    return octets


def bomb() -> bytes:
    """Small archives, each of 16 MiB of zeros, in one."""
    inner = zipped({"zeros": bytes(16 << 20)})
    return zipped({f"{n}.zip": inner for n in range(100)})


def policed(name: str, word: str) -> Hostile:
    content = f"From: a@{name}.policy.example\r\n\r\nx\r\n".encode()
    return hostile(content, f"DMARC_{word}")


def sent(name: str, word: str) -> Hostile:
    return hostile(NEWS, f"SPF_{word}", sender=f"{'u' * 60}@{name}.example")


def signed(name: str) -> Hostile:
    return hostile(sign(NEWS, f"{name}.example"), "DKIM_INVALID")


MESSAGES: Mapping[str, Callable[[], Hostile]] = {
    "signatures": lambda: hostile(
        b"".join(SIGNATURE % n for n in range(100)) + NEWS, "DKIM_INVALID"
    ),
    "arc-50": lambda: hostile(chain(50), "ARC_FAIL", questions=120),
    "arc-99": lambda: hostile(chain(99), "ARC_FAIL"),
    "rfc822": lambda: hostile(
        b"From: a@x.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 2000
    ),
    "deep": lambda: hostile(attached("a.zip", deep(2000)), "ATTACHMENTS_NESTED"),
    "bomb": lambda: hostile(attached("a.zip", bomb()), "ATTACHMENTS_NESTED"),
    **{f"key-{name}": partial(signed, name) for name in KEYS},
    **{f"policy-{n}": partial(policed, n, word) for n, (_, word) in POLICIES.items()},
    **{f"sender-{n}": partial(sent, n, word) for n, (_, word) in SENDERS.items()},
}
"""Made when they are needed: some take a second."""


@pytest_twisted.async_yield_fixture(scope="module")
async def dns() -> AsyncIterator[FakeDNS]:
    async with serving_dns(ZONE) as fake:
        yield fake


@pytest_twisted.async_yield_fixture(scope="module")
async def daemon(
    dns: FakeDNS, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Daemon]:
    on = "{enabled: true, timeout: 60}"
    config = (
        f"resolver: {{servers: ['{dns.address}'], timeout: 30, destinations: any}}\n"
        f"scanners: {{spf: {on}, dkim: {on}, arc: {on}, dmarc: {on}}}\n"
    )
    async with running(tmp_path_factory.mktemp("daemon"), config) as daemon:
        yield daemon


async def verdict(daemon: Daemon, one: Hostile) -> dict[str, Any]:
    envelope = (f"X-Env-From: {one.sender}", "X-Env-IP: 203.0.113.9")
    said = http("/v1/scan", one.content, *envelope)
    answer = await talk(daemon.ports["http"], said)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


@pytest.mark.parametrize("name", MESSAGES)
async def test_proofs(daemon: Daemon, dns: FakeDNS, name: str) -> None:
    """A verdict with the right words, for few questions; the loop goes on."""
    one, before = MESSAGES[name](), len(dns.asked)
    async with pulse(daemon.ports["http"]) as beats:
        found = await verdict(daemon, one)
    print(f"{beats.answers} answers, the longest took {beats.longest * 1000:.1f} ms")
    assert beats.answers
    states = {s["name"]: s["state"] for s in found["scanners"]}
    assert "error" not in states.values(), found
    names = {s["name"] for s in found["symbols"]}
    assert one.expected <= names, names
    assert len(dns.asked) - before <= one.questions
    assert "Traceback" not in daemon.log
