"""Reports as JSON values, in the words of the original `sc`. Pure."""

from typing import Any

from sc.model.complaint import Contact, Item, LinkItem, RelayItem, SenderItem
from sc.model.report import (
    Form,
    ReportOutcome,
    ReportRequest,
    ReportState,
    ReportStatus,
)
from sc.outbox.entry import Entry

UNSENT = frozenset(
    {
        ReportState.QUEUED,
        ReportState.SENDING,
        ReportState.UNCERTAIN,
        ReportState.DEFERRED,
        ReportState.FAILED,
        ReportState.BOUNCED,
    }
)
"""With one of these, `sent` is false: it failed, or still waits."""


def report_object(
    outcome: ReportOutcome, request: ReportRequest, warnings: tuple[str, ...]
) -> dict[str, Any]:
    """The answer of `POST /`."""
    shape: dict[str, Any] = {
        "complaints": _complaints(outcome, xarf=request.xarf is not None),
        "warnings": [*warnings, *outcome.warnings],
    }
    if outcome.forms:
        shape["forms"] = [_form(form) for form in outcome.forms]
    if request.send:
        shape["abuse_report"] = _sending(outcome)
    return shape


def _form(form: Form) -> dict[str, Any]:
    return {"ip": str(form.ip), "hosts": list(form.hosts), "form": form.url}


def _sending(outcome: ReportOutcome) -> dict[str, Any]:
    """`sent`: rspamd's script takes false for a failure, and nothing else."""
    reports = outcome.reports
    dry_run = {"dry_run": True} if outcome.dry_run else {}
    return {
        "sent": outcome.complete and not any(r.state in UNSENT for r in reports),
        "duplicate": bool(reports) and all(report.duplicate for report in reports),
        "reports": [status_object(report) for report in reports],
        **dry_run,
    }


def status_object(status: ReportStatus) -> dict[str, Any]:
    return {
        "id": status.id,
        "contact": status.contact,
        "state": status.state.value,
        "reason": status.reason,
    }


def entry_object(entry: Entry) -> dict[str, Any]:
    """A row of the outbox, for its operator; times are seconds since 1970."""
    return {
        "id": entry.id,
        "state": entry.state.value,
        "contact": entry.contact,
        "route": entry.route,
        "rcpt_to": entry.rcpt_to,
        "evidence": entry.evidence,
        "reason": entry.reason,
        "message_id": entry.message_id,
        "mail_message_id": entry.mail_message_id,
        "node": entry.node,
        "attempts": entry.attempts,
        "created": entry.created,
        "changed": entry.changed,
        "next_attempt": entry.next_attempt,
        "digest": entry.carrier,
    }


def _complaints(outcome: ReportOutcome, *, xarf: bool) -> dict[str, list[Any]]:
    shape: dict[str, list[Any]] = {}
    for complaint in outcome.complaints:
        items = shape.setdefault(complaint.address, [])
        for item in complaint.items:
            more = {"xarf": outcome.xarf.get(item)} if xarf else {}
            items.append(_item(item) | more)
    return shape


def _item(item: Item) -> dict[str, Any]:
    if isinstance(item, SenderItem):
        return _sender(item)
    return _link(item) if isinstance(item, LinkItem) else _relay(item)


def _sender(item: SenderItem) -> dict[str, Any]:
    return {
        "type": "sender",
        "domain": item.domain,
        "feedback-id": item.feedback_id or None,
        **_contact(item.contact),
    }


def _relay(item: RelayItem) -> dict[str, Any]:
    relay = item.relay
    return {
        "type": "received",
        "ip": str(relay.ip),
        "received-header": relay.header,
        **_contact(item.contact),
        "verified": relay.verified,
        "helo": relay.helo,
        "rdns": relay.rdns,
        "by": relay.by,
        "date": relay.date.isoformat() if relay.date else None,
    }


def _link(item: LinkItem) -> dict[str, Any]:
    """`link` is the first one; the original named no more."""
    return {
        "type": "link",
        "host": item.host,
        "ips": [str(ip) for ip in item.ips],
        "link": item.links[0].url if item.links else None,
        **_contact(item.contact),
        "count": item.count,
        "links": [
            {
                "url": link.url,
                "role": link.role.value,
                "chain": list(link.chain),
                **({"part": link.part} if link.part else {}),
            }
            for link in item.links
        ],
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "whois-abuse-email": contact.address,
        "contact-source": contact.source,
        "contact-reason": contact.reason,
        "contact-alternatives": list(contact.alternatives),
        "network": str(contact.network) if contact.network else None,
    }
