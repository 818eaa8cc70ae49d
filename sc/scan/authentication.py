"""The Authentication-Results field (RFC 8601): who the sender proved to be.

Forged ones go first: whoever reads the field believes what has our name.
"""

import re
from collections.abc import Iterator

from sc.content.authserv import claims
from sc.content.fields import RawField
from sc.model.authentication import Authentication
from sc.model.decision import Field
from sc.model.verdict import Verdict

NAME = "Authentication-Results"

MAX_TEXT = 255
"""Characters of one property; a domain has no more."""

# RFC 2045 5.1: token; and what may stand between quotes without a backslash.
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")
_QUOTABLE = re.compile(r'[^"\\\x00-\x1f\x7f-\U0010ffff]+')


def field(verdict: Verdict, authserv_id: str) -> Iterator[Field]:
    """One field with every result; none if nobody was asked who he is."""
    results = [
        _result(one)
        for result in verdict.results
        for one in result.findings.authentication
    ]
    if results:
        yield Field(NAME, "; ".join([authserv_id, *results]))


def is_forged(field: RawField, authserv_id: str) -> bool:
    """RFC 8601 5: an incoming one that says that it is ours."""
    return field.name.lower() == NAME.lower() and claims(field.value, authserv_id)


def _result(one: Authentication) -> str:
    words = [f"{one.method}={one.result}"]
    if reason := _value(one.reason):
        words.append(f"reason={reason}")
    for name, text in one.properties:
        if value := _value(text):
            words.append(f"{name}={value}")
    return " ".join(words)


def _value(text: str) -> str:
    """As it may stand in the field; "" if it may not."""
    text = text[:MAX_TEXT]
    if _TOKEN.fullmatch(text):
        return text
    return f'"{text}"' if _QUOTABLE.fullmatch(text) else ""
