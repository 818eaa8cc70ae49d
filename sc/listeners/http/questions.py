"""What an operator asks about, as JSON values. Pure."""

from typing import Any

from sc.abuse.contacts.who import Answer
from sc.explain import Story
from sc.listeners.http.report_shapes import entry_object
from sc.scan.list_entry import Entry, Kind


def contacts_object(answers: tuple[Answer, ...]) -> dict[str, Any]:
    """One object for each address."""
    return {"contacts": [_contact(answer) for answer in answers]}


def _contact(answer: Answer) -> dict[str, Any]:
    found = answer.contact
    return {
        "ip": str(answer.ip),
        "contact": found.address if found else None,
        "source": found.source if found else None,
        "reason": found.reason if found else answer.problem,
        "alternatives": list(found.alternatives) if found else [],
        "network": str(found.network) if found and found.network else None,
        "form": answer.form or None,
    }


def lists_object(found: tuple[tuple[str, Entry], ...]) -> dict[str, Any]:
    """Each entry with its list; `until` is in seconds since 1970."""
    return {"entries": [{"list": name, **_entry(entry)} for name, entry in found]}


def _entry(entry: Entry) -> dict[str, Any]:
    sender = entry.kind is Kind.SENDER
    return {
        "entry": str(entry),
        "from": str(entry.network) if sender and entry.network else None,
        "until": entry.until,
        "comment": entry.comment,
        "origin": entry.origin,
    }


def story_object(story: Story) -> dict[str, Any]:
    """Times are seconds since 1970."""
    return {
        "message_id": story.message_id,
        "lines": [{"at": line.at, "line": line.text} for line in story.lines],
        "reports": [
            entry_object(entry) | {"mail_kept": entry.id in story.mails}
            for entry in story.reports
        ],
        "waiting_since": story.waiting,
    }
