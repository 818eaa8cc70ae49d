"""Whatever the message is, its report is well-formed mail."""

from datetime import UTC, datetime
from email import message_from_bytes

from hypothesis import given
from hypothesis import strategies as st

from sc.abuse.reports.arf import write
from sc.abuse.reports.letter import Author, Incident
from sc.abuse.reports.original import attach
from sc.abuse.reports.recipients import read_recipients
from sc.abuse.reports.redact import Redactor
from sc.model.complaint import Complaint, LinkItem, RelayItem
from sc.model.evidence import Link, Role
from tests.fakes.abuse import SEAL, complaint, contact, relay

TEXT = st.text(max_size=60) | st.sampled_from(["\r\n", "\n.\n", "x" * 1200, "--=_sc_"])
LINES = st.sampled_from(
    [b"A: b", b"\r", b"\n", b"\r\n", b"\0", b"\xff", b"x" * 999, b"--=_sc_", b"."]
)
CONTENT = st.lists(LINES | st.binary(max_size=30), max_size=20).map(b"".join)


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    content = draw(CONTENT)
    redactor = Redactor(read_recipients(content), b"k" * 32)
    limit, eight_bit = draw(st.integers(0, 3000)), draw(st.booleans())
    source = relay(helo=draw(TEXT), rdns=draw(TEXT), by=draw(TEXT))
    links = (Link(draw(TEXT), draw(TEXT), Role.NAVIGATES),)
    item = LinkItem(
        draw(TEXT), (source.ip,) * draw(st.integers(0, 50)), links, 1, contact()
    )
    both: Complaint = complaint(RelayItem(source, contact()), item)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    return Incident(
        draw(st.sampled_from([both, complaint(item)])),
        attach(content, redactor, limit, eight_bit=eight_bit),
        draw(TEXT | st.none()),
        draw(st.sampled_from([None, now])),
        now,
        "r1",
        "m@example.org",
    )


@given(incidents(), st.text(max_size=100), st.booleans())
def test_well_formed(incident: Incident, name: str, automatic: bool) -> None:
    """Three parts, CRLF only, no line above 998 octets, no NUL, and still ours."""
    mail = write(incident, Author("abuse@example.org", name, "sc/1", automatic), SEAL)
    assert mail.count(b"\r") == mail.count(b"\n") == mail.count(b"\r\n")
    assert max(map(len, mail.split(b"\r\n"))) <= 998
    assert b"\0" not in mail
    parsed = message_from_bytes(mail)
    types = [part.get_content_type() for part in parsed.get_payload()]  # type: ignore[union-attr]  # a list
    assert types[:2] == ["text/plain", "message/feedback-report"]
    assert types[2:] == [incident.original.content_type]
    assert parsed.defects == []
    assert SEAL.is_ours(mail)
    eight_bit = parsed["Content-Transfer-Encoding"] == "8bit"
    assert mail.isascii() is not eight_bit
