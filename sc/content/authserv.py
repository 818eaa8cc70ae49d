"""Authentication-Results fields: who says that he wrote one, and what (RFC 8601)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from sc.model.authentication import Authentication

METHODS = ("spf", "dkim", "dmarc", "arc")
RESULTS = ("pass", "fail", "none", "neutral", "softfail", "temperror", "permerror")

MAX_VALUE = 1024
"""Octets of a field in which the name must have come."""

MAX_RESULTS_VALUE = 8192
MAX_RESULTS = 50
"""Of one field that are read; ours has a dozen at most."""

_DOMAINS = ("header.d", "header.i", "header.from", "smtp.mailfrom", "smtp.helo")
# One that is never closed goes on to the end: searched anew behind each of its quotes,
# 8 KB of them would take a quarter of a second.
_QUOTED = re.compile(r'"(?>(?:[^"\\]|\\.)*)(?:"|\\?\Z)', re.DOTALL)
_RESULT = re.compile(r"\s*([a-z0-9-]{1,20})\s*(?:/\s*\d{1,5}\s*)?=\s*([a-z]{1,20})\b")
_PROPERTY = re.compile(r"\b([a-z]{1,20}\.[a-z0-9_-]{1,30})\s*=\s*([^\s;]{1,255})")
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){1,30}")
_PIECE = re.compile(r"\\.?|[()]|[^\\()]++", re.DOTALL)


def claims(value: bytes, authserv_id: str) -> bool:
    """
    Whether some reader may believe that `authserv_id` wrote the field: so may
    comments, quotes and folds stand around the name, and what nobody can read is
    taken for a forgery.
    """
    text = value[:MAX_VALUE].decode("latin-1").lower()
    bare, closed = _without_comments(text)
    head, equals, _ = bare.partition("=")
    if not equals and len(value) > MAX_VALUE:
        return True
    shown = head.replace("\\", "") if closed else text
    # Nearly all have another name, and a plain search is ten times as fast.
    if authserv_id.lower() not in shown:
        return False
    return _word(authserv_id).search(shown) is not None


@lru_cache(16)
def _word(authserv_id: str) -> re.Pattern[str]:
    """The name, and not a part of another one."""
    return re.compile(rf"(?<![\w.-]){re.escape(authserv_id.lower())}(?![\w-]|\.\w)")


def _without_comments(text: str) -> tuple[str, bool]:
    """Comments may hold comments (RFC 5322 3.2.2). Also whether all were closed."""
    if "(" not in text and "\\" not in text:
        return text, True  # As nearly all: a header may hold thousands of them.
    depth, kept = 0, []
    for piece in _PIECE.findall(text):
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(piece)
    return "".join(kept), depth == 0


def read_results(value: bytes) -> Iterator[Authentication]:
    """
    What a field says of the methods that we know, with the domains that are such;
    quoted strings are passed over. Never raises.
    """
    text = value[:MAX_RESULTS_VALUE].decode("latin-1").lower()
    bare, _ = _without_comments(_QUOTED.sub(" ", text))
    for part in bare.split(";")[1 : MAX_RESULTS + 1]:
        match = _RESULT.match(part)
        if match and match[1] in METHODS and match[2] in RESULTS:
            properties = _PROPERTY.findall(part, match.end())
            kept = ((n, _domain(v)) for n, v in properties if n in _DOMAINS)
            yield Authentication(match[1], match[2], tuple(p for p in kept if p[1]))


def domains(one: Authentication) -> tuple[str, ...]:
    """That a result is about, each once."""
    return tuple(dict.fromkeys(value for _, value in one.properties))


def _domain(text: str) -> str:
    """Of an address, or as it is; "" if it is none."""
    name = text.rpartition("@")[2].rstrip(".")
    return name if _DOMAIN.fullmatch(name) else ""
