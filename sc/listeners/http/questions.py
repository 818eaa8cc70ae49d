"""What an operator asks about, as JSON values. Pure."""

from typing import Any

from sc.abuse.contacts.who import Answer
from sc.explain import Story
from sc.listeners.http.report_shapes import entry_object


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
