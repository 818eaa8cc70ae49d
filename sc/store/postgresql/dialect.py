"""Our SQL, which SQLite and PostgreSQL have in common, in psycopg's words. Pure."""

import re
from functools import lru_cache

# A doubled quote inside a literal ends it and begins the next one: the same here.
_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/|[?%]""", re.DOTALL)
_WORD = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/|\b\w+\b""", re.DOTALL)

TYPES = {
    "BLOB": "BYTEA",
    # SQLite's have 64 bits.
    "INTEGER": "BIGINT",
    # Octet by octet, whatever the language of the database: ORDER BY as in SQLite.
    "TEXT": 'TEXT COLLATE "C"',
}


@lru_cache(maxsize=512)
def placeholders(sql: str) -> bytes:
    """`?` becomes `%s`, but not in a literal or a comment."""

    def said(match: re.Match[str]) -> str:
        found = match[0]
        return "%s" if found == "?" else found.replace("%", "%%")

    return _TOKEN.sub(said, sql).encode()


def columns(sql: str) -> str:
    """A statement of a migration, with PostgreSQL's types."""
    return _WORD.sub(lambda match: TYPES.get(match[0].upper(), match[0]), sql)
