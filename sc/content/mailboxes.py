"""The mailboxes of a From or Sender field (RFC 5322 3.4), as mail readers show them.

`email.utils` recurses into a stranger's comments in comments; this is one pass.
"""

import re
from collections.abc import Iterator

from attrs import frozen

from sc.content.fields import text
from sc.content.media import decoded_words

MAX_VALUE = 4096
"""Octets of one field that are read; a name and an address have 100."""

MAX_MAILBOXES = 50

# A quoted string, an address in brackets, a comment, a separator, a word.
_TOKEN = re.compile(
    r'"((?>(?:[^"\\]++|\\.)*))"?|<([^<>]*+)>?|\((?>(?:[^()\\]++|\\.)*)\)?'
    r'|([,;])|([^\s"<>(),;]++)',
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


@frozen
class Mailbox:
    """
    @ivar name: decoded, for people; "" if there is none.
    @ivar address: as written; "" if there is none.
    """

    name: str
    address: str

    @property
    def domain(self) -> str:
        """In lower case."""
        return self.address.rpartition("@")[2].strip().rstrip(".").lower()


def read_mailboxes(value: bytes) -> tuple[Mailbox, ...]:
    """Never raises; the first `MAX_MAILBOXES`."""
    found = _mailboxes(text(value[:MAX_VALUE]))
    return tuple(m for m, _ in zip(found, range(MAX_MAILBOXES), strict=False))


def _mailboxes(value: str) -> Iterator[Mailbox]:
    words: list[str] = []
    address: str | None = None
    for match in _TOKEN.finditer(value + ","):
        quoted, bracketed, separator, word = match.groups()
        if separator:
            if words or address is not None:
                yield _mailbox(words, address)
            words, address = [], None
        elif bracketed is not None:
            if address and "@" in address:
                # Two without a comma: readers may show either.
                yield _mailbox(words, address)
                words = []
            address = bracketed
        elif quoted is not None:
            words.append(_QUOTED_PAIR.sub(r"\1", quoted))
        elif word:
            words.append(word)


def _mailbox(words: list[str], address: str | None) -> Mailbox:
    if address is None and "@" in words[-1]:
        return Mailbox("", words[-1])
    name = decoded_words(" ".join(words))
    return Mailbox(name, address.strip() if address and "@" in address else "")
