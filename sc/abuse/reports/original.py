"""The reported message as it is attached: its octets, and what was changed in them.

Mail cannot carry everything that a file may hold. Whatever could not stay stands in
the notes, so that nobody takes altered evidence for the original.
"""

import binascii
import hashlib
import re
from collections.abc import Iterator

from attrs import frozen

from sc.abuse.reports import stubs
from sc.abuse.reports.redact import Redacted, Redactor
from sc.content.fields import MAX_HEADER, header_end, read_fields
from sc.model.octets import Octets

# RFC 5322 2.1.1: 998 octets without the line end. Broken where Postfix breaks, with
# the blank that continues a field.
_LONG = re.compile(rb"[^\r\n]{999,}")
_PIECE = 990

_STRAY_CR = re.compile(rb"\r(?!\n)")
_STRAY_LF = re.compile(rb"(?<!\r)\n")


@frozen
class Original:
    """
    @ivar content_type: `message/rfc822` whole, `text/rfc822-headers` of its header
        section; `application/json` of a report that holds it.
    @ivar encoding: `7bit`, `8bit`; of a header section `quoted-printable`, too; of a
        report that holds it `base64`.
    @ivar octets: CRLF line ends of at most 998 octets, no NUL, a line end at the end.
    @ivar sha256: of the message as it came to us, in hex.
    @ivar notes: sentences: how `octets` differ from it.
    """

    content_type: str
    encoding: str
    octets: bytes
    sha256: str
    notes: tuple[str, ...] = ()
    disposition: str = "inline"


NAMING = frozenset(
    {"from", "date", "subject", "message-id", "cfbl-address", "cfbl-feedback-id"}
)
"""Fields by which a sender knows its message again (RFC 9477 3.5)."""


@frozen
class _Kept:
    """What of a message is attached, and why not the rest."""

    content_type: str
    octets: bytes
    notes: tuple[str, ...] = ()


def attach(
    content: Octets,
    redactor: Redactor,
    limit: int,
    *,
    eight_bit: bool = True,
    infected: bool = False,
) -> Original:
    """
    @param limit: octets above which parts that are not text are left out, and if it
        is still larger, all but the header section.
    @param eight_bit: the relay takes 8-bit octets (RFC 6152).
    @param infected: a scanner found a virus: only text is passed on.
    """
    kept = _kept(content, limit, eight_bit=eight_bit, infected=infected)
    redacted = redactor.message(kept.octets)
    digest = hashlib.sha256(content).hexdigest()
    return _original(kept, redacted, digest, eight_bit=eight_bit)


def excerpt(content: Octets, redactor: Redactor) -> Original:
    """Only what names the message, encoded if it is not ASCII."""
    head = content[:MAX_HEADER]
    named = (raw for raw in read_fields(head) if raw.name.lower() in NAMING)
    octets = b"".join(head[raw.start : raw.end] for raw in named)
    note = "Only the fields that name the message are attached, as RFC 9477 has it."
    kept = _Kept("text/rfc822-headers", octets, (note,))
    digest = hashlib.sha256(content).hexdigest()
    return _original(kept, redactor.piece(octets), digest, eight_bit=False)


def _original(
    kept: _Kept, redacted: Redacted, digest: str, *, eight_bit: bool
) -> Original:
    notes = list(kept.notes)
    if redacted.count:
        notes.append(
            "Local parts of recipients were replaced by keyed tokens at"
            f" {redacted.count} places (RFC 6590); the domains are unchanged."
        )
    octets, changes = _sendable(redacted.octets)
    encoding = "7bit" if octets.isascii() else "8bit"
    if encoding == "8bit" and not eight_bit:
        octets, encoding = _quoted_printable(octets), "quoted-printable"
    return Original(kept.content_type, encoding, octets, digest, (*notes, *changes))


def _kept(content: Octets, limit: int, *, eight_bit: bool, infected: bool) -> _Kept:
    end, body = header_end(content)
    if end > MAX_HEADER:
        note = (
            f"Only the first {MAX_HEADER} octets of the header section are attached:"
            " it is larger than any that software reads."
        )
        return _Kept("text/rfc822-headers", content[:MAX_HEADER], (note,))
    whole: Octets = content
    notes: tuple[str, ...] = ()
    problem = ""
    if infected or len(content) > limit:
        whole, notes, problem = _without_parts(content, infected=infected)
    if not problem and len(whole) > limit:
        problem = f"the message has {len(content)} octets"
    if not problem and not eight_bit and not whole[body:].isascii():
        problem = "the message has 8-bit octets, and our mail relay takes none"
    if not problem:
        return _Kept("message/rfc822", whole[:], notes)
    note = (
        f"Only the header section is attached: {problem}. It is available on request."
    )
    return _Kept("text/rfc822-headers", content[:end], (note, *notes))


def _without_parts(
    content: Octets, *, infected: bool
) -> tuple[Octets, tuple[str, ...], str]:
    """The message with stubs, how they are told, and why that is not enough."""
    if len(content) > stubs.MAX_OCTETS:
        return content, (), f"the message has {len(content)} octets"
    unwanted = stubs.perhaps_infected if infected else stubs.beyond_text
    found = stubs.replaced(content, unwanted)
    problem = ""
    if infected and not found.whole:
        problem = "a virus was found in the message, and not all its parts can be read"
    return found.octets, tuple(_left_out(found.stubs, infected=infected)), problem


def _left_out(left: tuple[stubs.Stub, ...], *, infected: bool) -> Iterator[str]:
    if not left:
        return
    why = "a virus was found in the message" if infected else "the message is large"
    lines = [str(stub) for stub in left[: stubs.MAX_TOLD]]
    if len(left) > stubs.MAX_TOLD:
        lines.append(f"and {len(left) - stubs.MAX_TOLD} more")
    yield "\n".join([f"Parts that are not attached, because {why}:", *lines])


def _sendable(octets: bytes) -> tuple[bytes, Iterator[str]]:
    """What RFC 5322 lets through, and what had to change for it."""
    nuls = octets.count(b"\0")
    if nuls:
        octets = octets.replace(b"\0", b"?")
    octets, strays = _STRAY_CR.subn(b" ", octets)
    octets = _STRAY_LF.sub(b"\r\n", octets)
    octets, long = _LONG.subn(_break, octets)
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    return octets, _changes(nuls, strays, long)


def _break(match: re.Match[bytes]) -> bytes:
    line = match[0]
    pieces = (line[i : i + _PIECE] for i in range(0, len(line), _PIECE))
    return b"\r\n ".join(pieces)


def _changes(nuls: int, strays: int, long: int) -> Iterator[str]:
    if nuls:
        yield f"NUL octets, which mail cannot carry, became '?': {nuls}."
    if strays:
        yield f"Carriage returns that end no line became blanks: {strays}."
    if long:
        yield f"Lines over 998 octets were broken with a blank: {long}."


def _quoted_printable(octets: bytes) -> bytes:
    # With CRLF in its input it writes CRLF, soft line breaks included.
    return binascii.b2a_qp(octets, istext=True)
