"""Which messages are written by software about other messages.

They are never reported, learned or counted as outbound spam: a bounce carries a
stranger's spam, and an answer to our report would make another report.
"""

import re
from collections.abc import Iterable

from sc.content.fields import RawField, text

_REPORT_TYPE = re.compile(r"report-type\s*=\s*\"?([a-z-]+)", re.IGNORECASE)
_REPORTS = {
    "delivery-status": "it is a delivery status notification",  # RFC 3464
    "feedback-report": "it is a feedback report",  # RFC 5965
    "disposition-notification": "it is a read receipt",  # RFC 8098
}


def automatic(fields: Iterable[RawField]) -> str:
    """Why nobody must be told about this message; "" if it may be reported."""
    for field in fields:
        name = field.name.lower()
        if name == "content-type":
            reason = _report(text(field.value[:4096]))
        elif name == "auto-submitted":
            reason = _submitted(text(field.value[:200]))
        else:
            continue
        if reason:
            return reason
    return ""


def _report(content_type: str) -> str:
    kind = content_type.lstrip().lower()
    if kind.startswith("message/delivery-status"):
        return _REPORTS["delivery-status"]
    if not kind.startswith("multipart/report"):
        return ""
    match = _REPORT_TYPE.search(kind)
    return _REPORTS.get(match[1], "") if match else ""


def _submitted(value: str) -> str:
    """RFC 3834 5: the word may be followed by parameters and comments."""
    word = re.split(r"[\s;(]", value.strip().lower(), maxsplit=1)[0]
    return "" if word in ("", "no") else "it says that software sent it"
