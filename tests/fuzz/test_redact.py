"""Redaction against anything: no recipient is left, and nothing else is touched."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sc.abuse.reports.recipients import read_recipients
from sc.abuse.reports.redact import Redactor

KEY = b"k" * 32
TOKEN = re.compile(rb"redacted-[0-9a-f]{16}")
LOCAL = st.from_regex(r"[A-Za-z0-9._+-]{1,12}", fullmatch=True)
DOMAIN = st.sampled_from(["x.org", "Example.org", "mail.example.org", "[192.0.2.1]"])
ADDRESS = st.tuples(LOCAL, DOMAIN).map("@".join)
FIELDS = st.sampled_from(["To", "cc", "Delivered-To", "X-Original-To"])
NOISE = st.binary(max_size=30) | st.sampled_from(
    [b"=", b"=\r\n", b"%40", b"=40", b"=3D", b"&#64;", b"@", b"redacted-", b"\r\n"]
)


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A message whose header, body and envelope name its recipients."""
    recipients = draw(st.lists(ADDRESS, min_size=1, max_size=4))
    header = "".join(f"{draw(FIELDS)}: <{r}>\n" for r in recipients[1:])
    pieces = draw(st.lists(NOISE | st.sampled_from(recipients).map(str.encode)))
    return header.encode() + b"\n" + b"".join(pieces), recipients


@given(messages())
def test_no_recipient_left(case: tuple[bytes, list[str]]) -> None:
    """Whatever surrounds it, a recipient's address is nowhere in the result."""
    content, recipients = case
    redactor = Redactor(read_recipients(content, recipients[:1]), KEY)
    octets = TOKEN.sub(b"\0", redactor.message(content).octets).lower()
    assert not [r for r in recipients if r.lower().encode() in octets]


@given(messages())
def test_only_recipients(case: tuple[bytes, list[str]]) -> None:
    """Between the tokens every octet is the message's own, in its order."""
    content, recipients = case
    redactor = Redactor(read_recipients(content, recipients[:1]), KEY)
    redacted = redactor.message(content)
    position = 0
    for piece in TOKEN.split(redacted.octets):
        found = content.find(piece, position)
        assert found >= 0
        position = found + len(piece)
    assert redacted.count <= len(content)


@given(st.binary(max_size=300))
def test_anything(content: bytes) -> None:
    """Whatever a message is, reading and redacting it ends."""
    redactor = Redactor(read_recipients(content, ["bob@x.org"]), KEY)
    assert b"bob@x.org" not in redactor.message(content + b"bob@x.org").octets
