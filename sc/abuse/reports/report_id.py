"""`X-SC-Report-Id`: tells our own reports from all other mail, also when they return.

A report holds the spam that it is about, so our own filter would reject it on its way
out. The field alone proves nothing, anybody can copy it; it is bound by a MAC to the
body and to the fields that decide how the body is shown.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from sc.content.fields import RawField, header_end, iter_fields
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import ScannerResult, State, Verdict

FIELD = "X-SC-Report-Id"

REASON = "our own report"

MAX_HEADER = 64 * 1024
"""Octets of a header section of ours, after all hosts on the way added theirs."""

SLACK = 1024
"""Octets by which MTAs may lengthen a body: an empty line, a footer's worth of CRs."""

# With another Content-Type, the attached spam could be made the whole message; with
# another From or Subject, a report could be made bait.
_BOUND = ("content-transfer-encoding", "content-type", "from", "message-id", "subject")

_PRESENT = re.compile(rb"^x-sc-report-id[ \t]*:", re.IGNORECASE | re.MULTILINE)
_VALUE = re.compile(
    rb"([\w.-]{1,64}); v=1; size=([0-9]{1,9}); bh=([0-9a-f]{64}); mac=([0-9a-f]{64})",
    re.ASCII,
)


@frozen
class ReportSeal:
    """@ivar key: secret; all nodes of a site share it."""

    key: bytes = field(repr=False)

    def make(self, report_id: str, fields: Mapping[str, str], body: bytes) -> str:
        """
        The field's value.

        @param fields: the header section by name; encoded, as it is sent.
        """
        written = {name.lower(): value.encode() for name, value in fields.items()}
        size, digest = len(body), _body_digest(body)
        mac = self._mac((report_id.encode(), b"%d" % size, digest), written)
        return f"{report_id}; v=1; size={size}; bh={digest.decode()}; mac={mac}"

    def is_ours(self, content: Octets) -> bool:
        """Whether we wrote this message, and nobody changed how it reads."""
        # Asked of every message, in the event loop: no look at a whole huge header.
        head = content[: MAX_HEADER + 2]
        end, body = header_end(head)
        header = head[:end]
        if end > MAX_HEADER or not _PRESENT.search(header):
            return False
        # The MAC first: who has never seen a report of ours makes us hash nothing.
        sealed = self._sealed(iter_fields(header))
        if sealed is None:
            return False
        _, size, digest = sealed
        if len(content) - body > int(size) + SLACK:
            return False
        return _body_digest(content[body:]) == digest

    def report_of(self, header: Iterable[RawField]) -> str:
        """
        The report whose header section a bounce brought back; "" if we did not write
        it. Of the body nothing is said, for it is rarely there.
        """
        sealed = self._sealed(header)
        return sealed[0].decode() if sealed else ""

    def _sealed(self, header: Iterable[RawField]) -> tuple[bytes, bytes, bytes] | None:
        """Id, size and digest of the body, if the MAC holds."""
        fields = _only_once(header)
        match = _VALUE.fullmatch(_unfolded(fields.get(FIELD.lower(), b"")))
        if match is None:
            return None
        report_id, size, digest, mac = match.groups()
        expected = self._mac((report_id, size, digest), fields).encode()
        if not hmac.compare_digest(expected, mac):
            return None
        return report_id, size, digest

    def _mac(self, value: tuple[bytes, ...], fields: Mapping[str, bytes]) -> str:
        mac = hmac.new(self.key, digestmod=hashlib.sha256)
        for text in (*value, *(_unfolded(fields.get(name, b"")) for name in _BOUND)):
            mac.update(len(text).to_bytes(4) + text)
        return mac.hexdigest()


@frozen
class OwnReports:
    """
    What flow asks before it scans.

    @ivar scanners: names for the verdict, in the registry's order.
    """

    seal: ReportSeal
    scanners: tuple[str, ...]

    def unscannable(self, message: Message) -> Verdict | None:
        """A verdict in which every scanner was skipped, for a report of ours."""
        if not self.seal.is_ours(message.content):
            return None
        results = (
            ScannerResult(name, State.SKIPPED, reason=REASON) for name in self.scanners
        )
        return Verdict(message.id, tuple(results))


def _only_once(fields: Iterable[RawField]) -> dict[str, bytes]:
    """Readers differ in which of two fields they show: then neither is proof."""
    found: dict[str, bytes] = {}
    for raw in fields:
        name = raw.name.lower()
        found[name] = b"\0twice" if name in found else raw.value
    return found


def _unfolded(value: bytes) -> bytes:
    return b" ".join(value.split())


def _body_digest(body: bytes) -> bytes:
    """MTAs change line ends, blanks before them, and empty lines at the end."""
    lines = (line.rstrip(b" \t\r") for line in body.split(b"\n"))
    return hashlib.sha256(b"\n".join(lines).rstrip(b"\n")).hexdigest().encode()
