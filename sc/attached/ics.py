"""An invitation (RFC 5545): most calendars put it before their user unasked."""

import re
from collections.abc import Iterator

from sc.content import charset, plain_links
from sc.content.html import read_html
from sc.model.evidence import Role

MAX_TEXT = 1 << 20

_FOLD = re.compile(r"\r?\n[ \t]")
_TELLING = re.compile(
    r"^(?:url|attach|description|location|summary|comment|contact|conference"
    r"|x-alt-desc|x-[a-z-]{0,40}(?:url|link))\b(?P<parameters>[^:\n]{0,1000}):(?P<value>.*)",
    re.IGNORECASE | re.MULTILINE,
)
_ESCAPED = re.compile(r"\\(.)")


def read(payload: bytes) -> Iterator[tuple[str, Role]]:
    """URLs as they stand in what a calendar shows; organisers are no links."""
    content = charset.decode(payload, "utf-8")[:MAX_TEXT]
    for match in _TELLING.finditer(_FOLD.sub("", content)):
        value = _ESCAPED.sub(_unescaped, match["value"])
        if "html" in match["parameters"].lower():
            page = read_html(value)
            yield from page.references.items()
            value = page.text
        for url in plain_links.find_urls(value):
            yield url, Role.NAVIGATES


def _unescaped(match: "re.Match[str]") -> str:
    """RFC 5545 3.3.11."""
    return "\n" if match[1] in "nN" else match[1]
