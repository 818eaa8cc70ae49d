"""Complaints in the Extended Abuse Reporting Format, XARF v4, as JSON values. Pure.

One report an item: one source, one desk, one incident. The caller passes them on, so
they are redacted as our own mail is, and no report leaves out what its schema requires.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any, TypeAlias
from uuid import UUID

from attrs import asdict, field, frozen

from sc.abuse.arrival import arrival, instant
from sc.abuse.reports.letter import printable
from sc.abuse.reports.redact import Redactor
from sc.abuse.reports.xarf_evidence import Exhibit
from sc.content.fields import read_fields, text
from sc.model.complaint import (
    Item,
    LinkItem,
    NetworkItem,
    RelayItem,
    SenderItem,
)
from sc.model.evidence import Evidence, Relay, Role
from sc.model.message import Message
from sc.model.xarf import LinkType, XarfRequest

VERSION = "4.2.0"

MAX_ORG = 200
MAX_SUBJECT = 500
MAX_MESSAGE_ID = 200
MAX_DESCRIPTION = 1000
"""Characters, as the schemas have them."""

MAX_VALUE = 2000
"""Octets of a header field that are read."""

Report: TypeAlias = Mapping[str, Any]

# The schema's own; A-labels as top level, `_` and addresses do not fit.
_DOMAIN = re.compile(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}")
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
# RFC 5321 4.1.2 without quotes and literals; what the format `email` means is ASCII.
# Tried where one can begin only: one pass.
_ADDRESS = re.compile(
    rf"(?<![.{_ATEXT}])[{_ATEXT}]++(?>(?:\.[{_ATEXT}]++)*)"
    r"@(?>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*)"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?![A-Za-z0-9._@-])"
)
# RFC 3986 appendix B, for a URL that has scheme and authority.
_PARTS = re.compile(r"([a-z]+://)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
# RFC 3986 3.3, 3.4: a browser leaves more as it is than a URI may hold.
_NO_PCHAR = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]")
_NO_AUTHORITY = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@%\[\]-]")

_VECTORS = {LinkType.EXPOSED_DATA: "data_leak"}
"""XARF's `attack_vector`, where it is not the type itself."""


@frozen
class Told:
    """@ivar reports: for each item that has one."""

    reports: Mapping[Item, Report] = field(factory=dict)
    warnings: tuple[str, ...] = ()


@frozen
class Spam:
    """
    What is reported.

    @ivar limit: octets of a message that is attached whole.
    @ivar now: aware.
    """

    message: Message
    evidence: Evidence
    redactor: Redactor
    limit: int
    now: datetime


def write(
    asked: XarfRequest, spam: Spam, items: Iterable[Item], *, apart: bool = False
) -> Told:
    """
    A report for each of `items`, or a warning that says why there is none. The format
    knows none for a message's sender.

    @param apart: each goes its own way; else all stand in one answer.
    """
    wanted = tuple(i for i in dict.fromkeys(items) if not isinstance(i, SenderItem))
    if not wanted:
        return Told()
    content = spam.message.content
    sharing = 1 if apart else len(wanted)
    exhibit = Exhibit.make(content, spam.redactor, spam.limit, sharing)
    writer = _Writer(asked, spam, exhibit, _fields(content))
    reports: dict[Item, Report] = {}
    warnings = [f"xarf: {exhibit.note}"] if exhibit.note else []
    for item in wanted:
        try:
            reports[item] = writer.report(item)
        except _MissingError as e:
            warnings.append(f"xarf: {e}")
    return Told(reports, tuple(warnings))


class _MissingError(Exception):
    """What the schema requires is not known."""


@frozen
class _Writer:
    """@ivar fields: of the message, by name in lower case; the first of each."""

    asked: XarfRequest
    spam: Spam
    exhibit: Exhibit
    fields: Mapping[str, str]

    def report(self, item: NetworkItem) -> Report:
        """@raise _MissingError: it cannot be valid."""
        if isinstance(item, RelayItem):
            return self._relay(item)
        return self._link(item)

    def _relay(self, item: RelayItem) -> Report:
        relay = item.relay
        port = (self.asked.source_port if relay.verified else None) or relay.port
        if port is None:
            raise _MissingError(
                f"no report about {relay.ip}: its source port is not known, which the"
                " format requires; xarf.smtp_source_port can tell it"
            )
        sender, remark = self._sender(relay)
        by = f" by {printable(self._redact(relay.by))}" if relay.by else ""
        remarks = (f"Spam, received from {relay.ip}{by}.", remark)
        when = instant(relay) or arrival(self.spam.evidence, self.spam.now)
        return {
            **self._core(item, "messaging", "spam", when, remarks),
            "source_port": port,
            "evidence_source": "user_complaint",
            "protocol": "smtp",
            "smtp_from": sender,
            **dict(self._about_message()),
        }

    def _link(self, item: LinkItem) -> Report:
        kind = self.asked.link_type
        link = next(link for link in item.links if link.role is Role.NAVIGATES)
        remark = f"Spam, received by us, has {item.count} links to {item.host}."
        when = arrival(self.spam.evidence, self.spam.now)
        report: dict[str, Any] = {
            **self._core(item, "content", kind.value, when, (remark,)),
            "evidence_source": "user_report",
            "verification_method": "user_report",
            "attack_vector": _VECTORS.get(kind, kind.value),
            "url": self._uri(link.url),
            "dns_records": _addresses(item),
            **_listed(self.asked),
        }
        if _DOMAIN.fullmatch(item.host):
            report["domain"] = item.host
        if kind is LinkType.PHISHING and link.chain:
            report["redirect_chain"] = [self._uri(url) for url in link.chain]
        return report

    def _core(
        self,
        item: NetworkItem,
        category: str,
        kind: str,
        when: datetime | None,
        remarks: tuple[str, ...],
    ) -> dict[str, Any]:
        reporter = asdict(self.asked.reporter)
        if when is None:
            remarks += (
                "The time of the handover is not known: it is that of writing.",
            )
        if not self.exhibit.item:
            remarks += (self.exhibit.note,)
        report: dict[str, Any] = {
            "xarf_version": VERSION,
            "report_id": _report_id(self.spam.evidence, item, kind),
            "timestamp": _rfc3339(when or self.spam.now),
            "reporter": reporter,
            "sender": reporter,
            "source_identifier": _source(item),
            "category": category,
            "type": kind,
            "description": " ".join(filter(None, remarks))[:MAX_DESCRIPTION],
        }
        if self.exhibit.item:
            report["evidence"] = [self.exhibit.item]
        return report

    def _sender(self, relay: Relay) -> tuple[str, str]:
        """
        `smtp_from`, and a remark if it is not the reverse-path. The format has no null
        sender.

        @raise _MissingError: the message names nobody.
        """
        path = self.spam.message.envelope.sender
        if path is None:
            path = self.fields.get("return-path", "").strip().strip("<>")
        found = _ADDRESS.fullmatch(path)
        if found:
            return self._redact(found[0]), ""
        # The last one: in `"a@bank.example" <b@spam.example>` the first is a name.
        authors = _ADDRESS.findall(self.fields.get("from", ""))
        if not authors:
            raise _MissingError(
                f"no report about {relay.ip}: the message names no sender, which the"
                " format requires"
            )
        return self._redact(authors[-1]), "smtp_from is the address in From."

    def _about_message(self) -> Iterator[tuple[str, str]]:
        subject = self._redact(_decoded(self.fields.get("subject", "")))
        if subject:
            yield "subject", subject[:MAX_SUBJECT]
        message_id = self._redact(self.fields.get("message-id", ""))
        # Half of one would be another one.
        if message_id and len(message_id) <= MAX_MESSAGE_ID:
            yield "message_id", message_id

    def _redact(self, words: str) -> str:
        redacted = self.spam.redactor.text(words)
        return "".join(c if c.isprintable() else " " for c in redacted)

    def _uri(self, url: str) -> str:
        return uri(self.spam.redactor.text(url))


def uri(url: str) -> str:
    """The same place as a URI of RFC 3986: less may stand in it than browsers take."""
    match = _PARTS.fullmatch(url)
    assert match, "a canonical URL"
    scheme, authority, *rest = match.groups(default="")
    # The sign in front of a fragment or a query is their own.
    others = [part[:1] + _NO_PCHAR.sub(_escaped, part[1:]) for part in rest]
    return "".join([scheme, _NO_AUTHORITY.sub(_escaped, authority), *others])


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "replace"))


def _fields(content: Any) -> Mapping[str, str]:
    """From above: nearer to us, and the less likely a stranger's."""
    found: dict[str, str] = {}
    for raw in read_fields(content):
        found.setdefault(raw.name.lower(), text(raw.value[:MAX_VALUE]))
    return found


def _decoded(subject: str) -> str:
    """RFC 2047, if it is right."""
    try:
        return str(make_header(decode_header(subject)))
    except (HeaderParseError, LookupError, ValueError):
        return subject


def _source(item: NetworkItem) -> str:
    return str(item.relay.ip if isinstance(item, RelayItem) else item.ips[0])


def _addresses(item: LinkItem) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for ip in item.ips:
        found.setdefault("a" if ip.version == 4 else "aaaa", []).append(str(ip))
    return found


def _listed(asked: XarfRequest) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asked.details
    }


def _rfc3339(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _report_id(evidence: Evidence, item: NetworkItem, kind: str) -> str:
    """
    In the shape of a random UUID (RFC 9562 5.4), but the same for the same incident:
    who asks twice and sends twice can be seen to have said one thing.
    """
    host = item.host if isinstance(item, LinkItem) else ""
    parts = [evidence.fingerprint, item.contact.address.lower(), kind]
    named = json.dumps([*parts, _source(item), host])
    return str(UUID(bytes=hashlib.sha256(named.encode()).digest()[:16], version=4))
