"""The hosts of a message's links, by the standard library alone.

Nothing of it is shared with `sc.content`: where it and SpamAssassin agree on a host,
two readers who know nothing of each other have found it.
"""

import email
import re
from collections.abc import Iterator
from email.message import Message
from html.parser import HTMLParser
from urllib.parse import urlsplit

_URL = re.compile(r"(?:https?|ftp)://[^\s<>\"']+", re.IGNORECASE)
_OPENS = {"href", "src", "background", "action"}


class _Page(HTMLParser):
    """@ivar urls: of attributes; what stands between the tags is its text."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.urls += [value for name, value in attrs if value and name in _OPENS]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def hosts(content: bytes) -> set[str]:
    """In lower case, names only with a dot."""
    urls = (url for part in _texts(email.message_from_bytes(content)) for url in part)
    return {host for host in map(_host, urls) if host and "." in host}


def _texts(message: "Message[str, str]") -> Iterator[list[str]]:
    for part in message.walk():
        if part.get_content_maintype() != "text" or part.get_filename():
            continue
        octets = part.get_payload(decode=True)
        text = octets.decode("latin-1") if isinstance(octets, bytes) else ""
        if part.get_content_subtype() == "html":
            page = _Page()
            page.feed(text)
            page.close()
            yield [url for url in page.urls if _URL.match(url)]
            text = "".join(page.text)
        yield _URL.findall(text)


def _host(url: str) -> str | None:
    try:
        return (urlsplit(url).hostname or "").rstrip(".,;:!?)]}*_'").lower()
    except ValueError:
        return None
