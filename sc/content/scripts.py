"""Letters of several alphabets that look alike (Unicode UTS 39)."""

import unicodedata
from functools import lru_cache

_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
"""Alphabets with letters of one shape; nobody mixes them in a word but to deceive."""

_LATIN_SHAPES = frozenset(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440"
    "\u051b\u0455\u051d\u0445\u0443\u04af\u0475"
    "\u03bf\u03b1\u03bd"
)
"""Cyrillic and Greek letters that readers take for Latin ones (UTS 39 confusables)."""


def mixed(word: str) -> bool:
    """Whether letters of one word come from two alphabets that look alike."""
    return not word.isascii() and len({_alphabet(c) for c in word} - {""}) > 1


def looks_latin(word: str) -> bool:
    """Whether a word without any Latin letter is read as a Latin one."""
    letters = [c for c in word.lower() if c.isalpha()]
    return len(letters) > 1 and _LATIN_SHAPES.issuperset(letters)


@lru_cache(1024)
def _alphabet(character: str) -> str:
    """The alphabet of a letter, or ""."""
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").partition(" ")[0]
    return name if name in _ALPHABETS else ""
