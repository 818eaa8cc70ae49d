"""The keys that services give to those who may ask them: in the file, or beside it."""

import re

MAX_KEY_FILE = 1024

_KEY = re.compile(r"[\x21-\x7e]{1,512}")


class KeyFileError(Exception):
    """There is no key; the text says why, and names no path."""


def is_key(text: str) -> bool:
    """Nothing that could end a header field."""
    return _KEY.fullmatch(text) is not None


def read_key(key: str | None, key_file: str | None) -> str:
    """
    The key itself, or the first line of its file, read each time: keys change.

    @raise KeyFileError: it cannot be read.
    """
    if key is not None:
        return key
    assert key_file is not None
    try:
        with open(key_file, "rb") as file:  # noqa: PTH123 bounded
            line = file.read(MAX_KEY_FILE).partition(b"\n")[0]
    except OSError as e:
        raise KeyFileError(f"key_file cannot be read: {e.strerror}") from e
    found = line.decode("latin-1").strip()
    if not is_key(found):
        raise KeyFileError("key_file holds no key")
    return found
