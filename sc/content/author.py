"""The domain that a message says it is from: its author's (RFC 7489 6.6.1)."""

import re
from collections.abc import Iterable

from sc.content.fields import RawField
from sc.content.mailboxes import MAX_MAILBOXES, MAX_VALUE, read_mailboxes
from sc.content.urls import canonical

# What can be a domain, or become one as A-labels: no octet that a URL gives a meaning.
_NAME = re.compile(
    r"[A-Za-z0-9_\x80-\U0010ffff-]{1,63}(?:\.[A-Za-z0-9_\x80-\U0010ffff-]{1,63}){1,30}"
)


class AuthorError(Exception):
    """No single domain speaks for the message; the text says why."""


class NoAuthorError(AuthorError):
    """From is missing, or cannot be read."""


class SeveralAuthorsError(AuthorError):
    """Readers and filters may take different ones."""


def author_domain(fields: Iterable[RawField]) -> str:
    """
    In lower case and A-labels.

    @raise AuthorError: there is none, or more than one.
    """
    values = [field.value for field in fields if field.name.lower() == "from"]
    if len(values) > 1:
        raise SeveralAuthorsError("it has several From fields")
    if not values or len(values[0]) > MAX_VALUE:
        raise NoAuthorError("it has no From that can be read")
    mailboxes = read_mailboxes(values[0])
    domains = {mailbox.domain for mailbox in mailboxes if mailbox.address}
    if len(domains) > 1 or len(mailboxes) == MAX_MAILBOXES:
        raise SeveralAuthorsError("its From has authors of several domains")
    domain = _in_ascii(domains.pop()) if domains else ""
    if not domain:
        raise NoAuthorError("its From has no address")
    return domain


def _in_ascii(name: str) -> str:
    """RFC 7489 6.6.1: what is written in UTF-8 is asked for in A-labels."""
    if not _NAME.fullmatch(name):
        return ""
    url = canonical(f"https://{name}/")
    return url.host if url else ""
