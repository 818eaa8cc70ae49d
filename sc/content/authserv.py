"""Who says that he wrote an Authentication-Results field (RFC 8601 2.2)."""

import re

MAX_VALUE = 1024
"""Octets of a field in which the name must have come."""

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
    word = rf"(?<![\w.-]){re.escape(authserv_id.lower())}(?![\w-]|\.\w)"
    return re.search(word, head.replace("\\", "") if closed else text) is not None


def _without_comments(text: str) -> tuple[str, bool]:
    """Comments may hold comments (RFC 5322 3.2.2). Also whether all were closed."""
    depth, kept = 0, []
    for piece in _PIECE.findall(text):
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(piece)
    return "".join(kept), depth == 0
