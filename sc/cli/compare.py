"""`scctl compare`: where the daemon and the filter that it would replace differ."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from sc.cli import exits
from sc.cli.asking import asked, code_of, fail, plain, request_about, why
from sc.cli.client import Client, DaemonError
from sc.cli.messages import MAX_LINE, Found, Unreadable, read_messages
from sc.cli.progress import Progress, shows_progress
from sc.content.edit import edit_header
from sc.content.fields import uneditable
from sc.content.other_filters import (
    Opinion,
    Word,
    is_theirs,
    logged,
    message_id,
    opinions,
    worst,
)

TIMEOUT = 330.0
"""Seconds for one message; the daemon's own limit is 300."""

MAX_LOGGED = 1_000_000
"""Messages of a log that are kept; about 300 MB."""

SYMBOLS = 8
"""Of our symbols, those that count most."""

_SPAM = ("add header", "rewrite subject", "quarantine", "reject")


@frozen
class _Ours:
    """@ivar word: None: it could not be scanned, and that is no opinion."""

    word: Word | None
    action: str
    reason: str
    score: float
    symbols: tuple[str, ...]


@define
class _Counts:
    """
    @ivar both: what both said of a message.
    @ivar silent: messages about which they said nothing.
    @ivar unscanned: messages about which we said nothing.
    """

    both: list[tuple[Word, Word]] = field(factory=list)
    silent: int = 0
    unscanned: int = 0

    @property
    def differ(self) -> bool:
        return any(they is not we for they, we in self.both)


def run(options: argparse.Namespace) -> int:
    """Exit 1 if we differ about a message."""
    try:
        log = _read_log(options.log) if options.log else {}
    except OSError as e:
        return fail(exits.INPUT, f"{e.filename}: {e.strerror}")
    return asked(options, lambda client: _run(client, options, log))


def _read_log(path: str) -> dict[str, Opinion]:
    """The last line about a message counts."""
    found: dict[str, Opinion] = {}
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        lines = iter(lambda: file.readline(MAX_LINE), "")
        for identity, opinion in logged(lines):
            if identity in found or len(found) < MAX_LOGGED:
                found[identity] = opinion
    return found


def _run(
    client: Client, options: argparse.Namespace, log: Mapping[str, Opinion]
) -> int:
    progress = Progress(sys.stderr, shown=shows_progress())
    counts, code = _Counts(), exits.OK
    for found in read_messages(options.paths or ["-"]):
        try:
            _one(client, found, log, counts, json_lines=options.json)
        except _NotComparedError as e:
            progress.clear()
            code = max(code, fail(e.code, f"{plain(found.name)}: {e}"))
        progress.step()
    progress.clear()
    if not options.json:
        print("\n".join(_table(counts)))
    return code or (exits.FAILED if counts.differ else exits.OK)


class _NotComparedError(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def _one(
    client: Client,
    found: Found | Unreadable,
    log: Mapping[str, Opinion],
    counts: _Counts,
    *,
    json_lines: bool,
) -> None:
    """@raise _NotComparedError: it cannot be read, or the daemon says no."""
    if isinstance(found, Unreadable):
        raise _NotComparedError(exits.INPUT, found.reason)
    they = log.get(message_id(found.content)) or worst(opinions(found.content))
    if they is None:
        counts.silent += 1
        return
    we = _asked(client, found.content)
    if we.word is None:
        counts.unscanned += 1
    else:
        counts.both.append((they.word, we.word))
    if json_lines:
        print(json.dumps(_shape(found.name, they, we), ensure_ascii=False))
    elif we.word is not they.word:
        print(plain(_difference(found.name, they, we)))


def _asked(client: Client, content: bytes) -> _Ours:
    """Without their fields: we are asked about the message as it came to them."""
    if not uneditable(content):
        header, body = edit_header(content, lambda f: is_theirs(f.name.lower()), ())
        content = header + content[body:]
    try:
        answer = client.call(
            "POST", "/v1/scan", request_about(content), timeout=TIMEOUT
        )
    except DaemonError as e:
        raise _NotComparedError(code_of(e), why(e)) from e
    action = answer.get("would") or answer["action"]
    strong = sorted(answer["symbols"], key=lambda s: -abs(s["score"] or 0.0))
    return _Ours(
        _word(action, answer["reason"]),
        action,
        answer["reason"],
        sum(symbol["score"] or 0.0 for symbol in answer["symbols"]),
        tuple(symbol["name"] for symbol in strong[:SYMBOLS]),
    )


def _word(action: str, reason: str) -> Word | None:
    if reason == "virus":
        return Word.VIRUS
    if action in _SPAM:
        return Word.SPAM
    return None if reason == "unscanned" else Word.HAM


def _difference(name: str, they: Opinion, we: _Ours) -> str:
    score = "" if they.score is None else f" {they.score:g}"
    ours = we.word.value if we.word else we.reason
    symbols = " ".join(we.symbols) or "no symbols"
    return (
        f"{name}: they {they.word.value} ({they.filter}{score}),"
        f" we {ours} ({we.action} {we.score:.2f}: {symbols})"
    )


def _shape(name: str, they: Opinion, we: _Ours) -> dict[str, Any]:
    return {
        "file": name,
        "agree": we.word is they.word,
        "they": {
            "word": they.word.value,
            "filter": they.filter,
            "score": they.score,
        },
        "we": {
            "word": we.word.value if we.word else None,
            "action": we.action,
            "reason": we.reason,
            "score": round(we.score, 2),
            "symbols": list(we.symbols),
        },
    }


def _table(counts: _Counts) -> Iterator[str]:
    yield f"{'':8} {'agree':>9} {'only they':>9} {'only we':>9}"
    for word in (Word.VIRUS, Word.SPAM, Word.HAM):
        numbers = (
            sum(they is word and we is word for they, we in counts.both),
            sum(they is word and we is not word for they, we in counts.both),
            sum(they is not word and we is word for they, we in counts.both),
        )
        yield f"{word.value:8} {numbers[0]:9} {numbers[1]:9} {numbers[2]:9}"
    if counts.silent:
        yield f"{counts.silent} without a word of theirs"
    if counts.unscanned:
        yield f"{counts.unscanned} not scanned by us"
