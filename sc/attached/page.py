"""An attached page. Its scripts matter: on a reader's disk it may be nothing else."""

import base64
import binascii
import re
from collections.abc import Iterator

from sc.content import charset, plain_links
from sc.content.html import read_html
from sc.model.evidence import Role

MAX_SCRIPTS = 1 << 20
"""Characters in which a script's targets are looked for."""

# What a script opens or sends to. Other URLs in it are mostly libraries, whose hosts
# have nothing to do with the message.
_TARGET = re.compile(
    r"""(?:\blocation\b|\.href\b|\.action\b|\bfetch\b|\burl\s{0,4}:"""
    r"""|\bopen\s{0,4}\(\s{0,4}(?:['"`][A-Z]{3,6}['"`]\s{0,4},)?)[^'"`<>\n]{0,40}"""
    r"""['"`]((?:https?:)?//[^'"`\s<>]{1,2000})['"`]""",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"""\batob\s{0,4}\(\s{0,4}['"`]([A-Za-z0-9+/=]{8,20000})['"`]""")


def read(payload: bytes) -> Iterator[tuple[str, Role]]:
    """URLs as they stand, each with what it does."""
    content = charset.decode(payload, None, html=True)
    page = read_html(content)
    yield from page.references.items()
    for url in plain_links.find_urls(page.text):
        yield url, Role.NAVIGATES
    scripts = content[:MAX_SCRIPTS]
    for match in _TARGET.finditer(scripts):
        yield _absolute(match[1]), Role.NAVIGATES
    for match in _ENCODED.finditer(scripts):
        for url in plain_links.find_urls(_decoded(match[1])):
            yield url, Role.NAVIGATES


def _absolute(url: str) -> str:
    return f"https:{url}" if url.startswith("//") else url


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode("latin-1")
    except binascii.Error:
        return ""
