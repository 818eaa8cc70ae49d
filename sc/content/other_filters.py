"""What another filter said about a message: in its header fields, or in its log.

The first field of a name counts: filters write theirs on top, strangers below.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum

from attrs import frozen

from sc.content.fields import read_fields, text
from sc.model.octets import Octets

MAX_VALUE = 4096
"""Characters of a field or a log line that are read: the verdict stands in front."""


class Word(Enum):
    """In the order of what counts more."""

    HAM = "ham"
    SPAM = "spam"
    VIRUS = "virus"


@frozen
class Opinion:
    """@ivar filter: whose it is, as far as the shape tells."""

    filter: str
    word: Word
    score: float | None = None


_SCORE = re.compile(r"\b(?:score|hits)=\s*(-?\d{1,9}(?:\.\d{1,9})?)")
_RSPAMD = re.compile(r"\[(-?\d{1,9}(?:\.\d{1,9})?) / -?\d{1,9}")
_BOGOSITY = re.compile(r"spamicity=(\d(?:\.\d{1,9})?)")

_MILD = ("no action", "greylist", "soft reject")
"""rspamd's actions that do not call a message spam."""


def _spamassassin(value: str) -> Opinion | None:
    word = {"yes": Word.SPAM, "no": Word.HAM}.get(_first(value))
    return Opinion("spamassassin", word, _number(_SCORE, value)) if word else None


def _rspamd_result(value: str) -> Opinion | None:
    found = re.match(r"\S+: (True|False|Skip)\b", value)
    if found is None or found[1] == "Skip":
        return None
    word = Word.SPAM if found[1] == "True" else Word.HAM
    return Opinion("rspamd", word, _number(_RSPAMD, value))


def _rspamd_action(value: str) -> Opinion | None:
    return _by_action(value.strip().lower())


def _by_action(action: str, score: float | None = None) -> Opinion:
    return Opinion("rspamd", Word.HAM if action in _MILD else Word.SPAM, score)


def _dspam(value: str) -> Opinion | None:
    word = {"spam": Word.SPAM, "innocent": Word.HAM, "whitelisted": Word.HAM}
    return _opinion("dspam", word.get(_first(value)))


def _bogofilter(value: str) -> Opinion | None:
    words = {"spam": Word.SPAM, "yes": Word.SPAM, "ham": Word.HAM, "no": Word.HAM}
    word = words.get(_first(value))
    return Opinion("bogofilter", word, _number(_BOGOSITY, value)) if word else None


def _virus_status(value: str) -> Opinion | None:
    words = {"infected": Word.VIRUS, "clean": Word.HAM, "no": Word.HAM}
    return _opinion("clamav", words.get(_first(value)))


def _amavis(value: str) -> Opinion | None:
    return _opinion("amavis", Word.VIRUS if _first(value) == "infected" else Word.SPAM)


_READERS: Mapping[str, Callable[[str], Opinion | None]] = {
    "x-spam-status": _spamassassin,
    "x-spam-flag": _spamassassin,
    "x-spam": _spamassassin,
    "x-spamd-result": _rspamd_result,
    "x-rspamd-action": _rspamd_action,
    "x-dspam-result": _dspam,
    "x-bogosity": _bogofilter,
    "x-virus-status": _virus_status,
    "x-amavis-alert": _amavis,
}
_TAKEN_OFF = ("x-spam", "x-rspamd", "x-dspam", "x-bogosity", "x-virus", "x-amavis")


def is_theirs(name: str) -> bool:
    """Whether a field of this name (in lower case) tells what a filter said."""
    return name.startswith(_TAKEN_OFF)


def opinions(content: Octets) -> tuple[Opinion, ...]:
    """What the fields of a message say."""
    values: dict[str, str] = {}
    for field in read_fields(content):
        values.setdefault(field.name.lower(), text(field.value[:MAX_VALUE]))
    found = (read(values[name]) for name, read in _READERS.items() if name in values)
    return tuple(opinion for opinion in found if opinion is not None)


def worst(said: Iterable[Opinion]) -> Opinion | None:
    """A virus counts before spam, and spam before nothing."""
    order = list(Word)
    return max(said, key=lambda opinion: order.index(opinion.word), default=None)


def message_id(content: Octets) -> str:
    """Without angle brackets; empty if there is none."""
    for field in read_fields(content):
        if field.name.lower() == "message-id":
            return text(field.value[:MAX_VALUE]).strip("<> ")
    return ""


_RSPAMD_LINE = re.compile(
    r"\bid: <([^>\s]{1,998})>.{0,2000}?"
    r"\(\w{1,40}: [TFS] \(([a-z ]{1,20})\): \[(-?\d{1,9}(?:\.\d{1,9})?)/"
)
_SPAMD_LINE = re.compile(
    r"spamd: result: ([Y.]) (-?\d{1,9}) - .*?,mid=<([^>\s]{1,998})>"
)
_AMAVIS_LINE = re.compile(
    r"\((?:[\w-]{1,40})\) (?:Passed|Blocked) ([A-Z-]{1,20})\b.{0,3000}?"
    r"Message-ID: <([^>\s]{1,998})>"
)
_HITS = re.compile(r"\bHits: (-?\d{1,9}(?:\.\d{1,9})?)")
_CONTENTS = {
    "CLEAN": Word.HAM,
    "SPAM": Word.SPAM,
    "SPAMMY": Word.SPAM,
    "INFECTED": Word.VIRUS,
}


def logged(lines: Iterable[str]) -> Iterator[tuple[str, Opinion]]:
    """Message-IDs, and what rspamd, spamd or amavis wrote in its log about them."""
    for line in lines:
        said = line[:MAX_VALUE]
        found = _rspamd_line(said) or _spamd_line(said) or _amavis_line(said)
        if found is not None:
            yield found


def _rspamd_line(line: str) -> tuple[str, Opinion] | None:
    found = _RSPAMD_LINE.search(line)
    return (found[1], _by_action(found[2], float(found[3]))) if found else None


def _spamd_line(line: str) -> tuple[str, Opinion] | None:
    found = _SPAMD_LINE.search(line)
    if found is None:
        return None
    word = Word.SPAM if found[1] == "Y" else Word.HAM
    return found[3], Opinion("spamassassin", word, float(found[2]))


def _amavis_line(line: str) -> tuple[str, Opinion] | None:
    found = _AMAVIS_LINE.search(line)
    word = _CONTENTS.get(found[1]) if found else None
    if found is None or word is None:
        return None
    return found[2], Opinion("amavis", word, _number(_HITS, line))


def _first(value: str) -> str:
    return re.split(r"[\s,;(]", value.strip().lower(), maxsplit=1)[0]


def _number(pattern: re.Pattern[str], value: str) -> float | None:
    found = pattern.search(value)
    return float(found[1]) if found else None


def _opinion(name: str, word: Word | None) -> Opinion | None:
    return Opinion(name, word) if word else None
