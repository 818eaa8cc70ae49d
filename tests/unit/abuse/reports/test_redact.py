"""sc.abuse.reports.redact: no recipient's address leaves, and nothing else changes."""

import base64
import re
from mmap import mmap

import pytest

from sc.abuse.reports.recipients import Recipient, Recipients, read_recipients
from sc.abuse.reports.redact import Redactor

KEY = b"k" * 32
TOKEN = re.compile(rb"redacted-[0-9a-f]{16}")


def redact(content: bytes, *envelope: str) -> tuple[bytes, int]:
    redacted = Redactor(read_recipients(content, envelope), KEY).message(content)
    return redacted.octets, redacted.count


def body(text: bytes) -> bytes:
    """What becomes of a body after `To: bob.b@example.org`."""
    octets, _ = redact(b"To: bob.b@example.org\n\n" + text)
    return TOKEN.sub(b"T", octets.partition(b"\n\n")[2])


@pytest.mark.parametrize(
    "field",
    [
        b"To: Robert <bob@example.org>",
        b"Cc: bob@example.org, eve@example.net",
        b"Bcc: bob@example.org",
        b"Resent-To: bob@example.org",
        b"Delivered-To: bob@example.org",
        b"X-Original-To: bob@example.org",
        b"Envelope-To: <bob@example.org>",
        b"Received: from a by b\n\tfor <bob@example.org>; Fri, 20 Nov 2026",
        b"Received: from a by b for bob@example.org; Fri, 20 Nov 2026",
        b"to : BOB@Example.ORG",
    ],
)
def test_fields(field: bytes) -> None:
    """Every field that tells for whom a message was is redacted; the domain stays."""
    octets, count = redact(field + b"\n\nx")
    assert b"bob" not in octets.lower()
    assert b"@example.org" in octets.lower()
    assert count == len(TOKEN.findall(octets)) == field.count(b"@")


def test_envelope() -> None:
    """Recipients that only the envelope names are redacted, too."""
    octets, count = redact(b"Subject: hi bob@example.org\n\n", "bob@example.org")
    assert TOKEN.sub(b"T", octets) == b"Subject: hi T@example.org\n\n"
    assert count == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Dear bob.b@example.org!", b"Dear T@example.org!"),
        (b"BOB.B@EXAMPLE.ORG", b"T@EXAMPLE.ORG"),
        (b"http://x/?e=bob.b@example.org&c", b"http://x/?e=T@example.org&c"),
        (b"http://x/?e=3Dbob.b@example.org", b"http://x/?e=3DT@example.org"),
        (b"http://x/bob.b%40example.org", b"http://x/T%40example.org"),
        (b"http://x/bob%2Eb%40example%2eorg", b"http://x/T%40example%2eorg"),
        (b"http://x/bob.b%2540example.org", b"http://x/T%2540example.org"),
        (b"%62ob.b@example.org", b"T@example.org"),
        (b"bob=2Eb=40example.org", b"T=40example.org"),
        (b"bob.b&#64;example.org", b"T&#64;example.org"),
        (b"&#98;ob.b&#x40;example.org", b"T&#x40;example.org"),
        (b"&#x62;ob.b@example.org", b"T@example.org"),
        (b"bo=\r\nb.b@example.org", b"T=\r\n@example.org"),
        (b"bob.b@exam=\nple.org", b"T@exam=\nple.org"),
        (b"bounce-bob.b=example.org@esp", b"bounce-T=example.org@esp"),
        (b"bounce-bob.b=3Dexample.org", b"bounce-T=3Dexample.org"),
    ],
)
def test_spellings(text: bytes, expected: bytes) -> None:
    """However an address is written in a body or a link, it is found."""
    assert body(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"alice@example.org",
        b"bob.b@example.com",
        b"bob.b at example.org",
        b"=3D=20=C3=A9 %41 &#98; @ example.org",
        b"@example.org",
        b"bytes \x00\xff\r\r\n\n",
    ],
)
def test_nothing_else_changes(text: bytes) -> None:
    """Other people's addresses, and octets that are no address, stay as they are."""
    assert body(text) == text


def test_base64() -> None:
    """An address in Base64 is found however it is aligned, across line ends too."""
    for before in range(3):
        plain = b"x" * before + b"e=bob.b@example.org&more" + b"y" * 80
        link = b"http://x/?" + base64.b64encode(plain)
        for text in (link, base64.encodebytes(b"z" * (45 + before) + plain)):
            octets = body(text)
            assert octets != text
            assert len(octets) == len(text)
            decoded = base64.b64decode(octets.removeprefix(b"http://x/?"))
            assert b"ob.b@" not in decoded
            assert b"@example.org&more" in decoded


def test_base64_url() -> None:
    """The alphabet of links is another one."""
    address = b"b~~?bob?~@example.org"
    link = base64.urlsafe_b64encode(b"=" + address)
    assert b"_" in link or b"-" in link
    recipients = Recipients((Recipient(*address.split(b"@")),))
    octets = Redactor(recipients, KEY).message(link).octets
    assert b"bob" not in base64.urlsafe_b64decode(octets)


def test_short_address_is_not_guessed_in_base64() -> None:
    """Five letters of Base64 would match by chance."""
    text = base64.b64encode(b"xa@b.c")
    recipients = Recipients((Recipient(b"a", b"b.c"),))
    assert Redactor(recipients, KEY).message(text).octets == text


def test_quoted() -> None:
    """A quoted local part is found with and without its quotes."""
    octets, _ = redact(b'To: "bob \\"b"@example.org\n\nbob "b@example.org')
    assert b"bob" not in octets
    assert len(set(TOKEN.findall(octets))) == 1


def test_names_without_a_domain() -> None:
    """`Delivered-To: bob` names somebody, too."""
    text = (
        b"Received: from b by c; x\nDelivered-To: bob\n"
        b"Received: from a by b for <bob>; x\nTo: undisclosed:;\n\n"
    )
    octets, count = redact(text)
    assert TOKEN.sub(b"T", octets) == text.replace(b"bob", b"T")
    assert (count, len(set(TOKEN.findall(octets)))) == (2, 1)


def test_one_in_the_other() -> None:
    """Where one address is part of another, one token takes the place of both."""
    octets, _ = redact(b'To: "b@x.org"@y.org, b@x.org\n\nb@x.org@y.org b@x.org')
    assert TOKEN.sub(b"T", octets) == b"To: T@y.org, T@x.org\n\nT@y.org T@x.org"


def test_longest() -> None:
    """Where one recipient's name ends like another's, the whole name goes."""
    octets, _ = redact(b"To: ann@x.org, joann@x.org\n\n")
    assert octets.startswith(b"To: redacted-")
    assert len(set(TOKEN.findall(octets))) == 2


def test_same_token() -> None:
    """The same address has the same token in every message, another key another."""
    first, _ = redact(b"To: Bob@Example.org\n\n")
    second, _ = redact(b"Cc: x\nBcc: bob@example.org\n\n")
    assert TOKEN.findall(first) == TOKEN.findall(second)
    other = Redactor(read_recipients(b"To: bob@example.org\n\n"), b"other" * 8)
    assert other.text("bob@example.org").encode() not in first
    assert other.text("http://x/?bob%40example.org&é").endswith("%40example.org&é")


def test_no_recipients() -> None:
    """Without recipients a message stays as it is."""
    assert redact(b"From: eve@example.net\n\n=40@%40") == (
        b"From: eve@example.net\n\n=40@%40",
        0,
    )
    assert read_recipients(b"To: @x.org, a@, a@., <>\n\n") == Recipients()


def test_beginning_only() -> None:
    """When only the beginning is attached, places behind it do not matter."""
    text = b"Subject: x\nDelivered-To: bob\n\n"
    assert Redactor(read_recipients(text), KEY).message(text[:15]).count == 0


def test_mapped_file() -> None:
    """A large message lies in a file; its recipients are found there."""
    with mmap(-1, 40) as mapped:
        mapped.write(b"To: bob@example.org\n\n")
        found = read_recipients(mapped)
    assert found.addresses == (Recipient(b"bob", b"example.org"),)
