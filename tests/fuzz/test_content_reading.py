"""Whatever the octets, reading a message and gathering evidence never raise."""

from hypothesis import given
from hypothesis import strategies as st

from sc.abuse.evidence import EvidenceSettings, gather
from sc.content.mime import Limits, read
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.report import Boundary

PIECES = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--", b"b", b" ", b"\t", b";", b'"', b"=",
    b"<", b">", b"(", b")", b"[", b"]", b"\0", b"\xff", b"\xe2\x80", b"&#", b"%", b"*",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: multipart/digest; boundary=\"b\"\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/html; charset=utf-7\r\n",
    b"Content-Type: text/plain; charset=utf-16; format=flowed; delsp=yes\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Received: from a (b [5.6.7.8]) by mx with ESMTP; Mon, 9 Oct 2026 1:2:3 +00\r\n",
    b"Received: ", b"from ", b"by ", b"with ", b"helo=", b"[1.2.3.4]",
    b"List-Unsubscribe: <http://a.example>\r\n",
    b"http://a.example/", b"https://urldefense.com/v3/__", b"__;", b"?url=",
    b"<a href=", b"<base href=", b"<style>", b"url(", b"<!--", b"-->", b"<meta ",
    b"begin 644 x\n", b"\nend\n", b"=41", b"QUJD",
]  # fmt: skip
MESSAGES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=60).map(
    b"".join
)
BOUNDARIES = st.sampled_from([Boundary(), Boundary(names=("mx",))])


@given(MESSAGES)
def test_read(content: bytes) -> None:
    """Parts within the limits, and no more octets than came in."""
    limits = Limits(parts=5, depth=3, part=50, decoded=80)
    document = read(content, limits)
    assert len(document.parts) <= limits.parts
    assert sum(len(part.payload) for part in document.parts) <= 2 * limits.decoded
    assert len(document.warnings) == len(set(document.warnings))


@given(MESSAGES, BOUNDARIES)
def test_gather(content: bytes, boundary: Boundary) -> None:
    """Evidence comes out, and with a boundary at most one relay, verified."""
    message = Message("1", Envelope(), content)
    evidence = gather(message, boundary, EvidenceSettings())
    if boundary.configured:
        assert len(evidence.relays) <= 1
    assert all(r.verified == boundary.configured for r in evidence.relays)
    assert all(link.host for link in evidence.links)


@given(st.binary(max_size=400), BOUNDARIES)
def test_gather_from_noise(content: bytes, boundary: Boundary) -> None:
    """Noise is no evidence, and no error."""
    gather(Message("1", Envelope(), content), boundary, EvidenceSettings())
