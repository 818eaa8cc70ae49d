"""The body of a REPORT: why a message was judged so, for people and for Exim."""

import re

from sc.model.decision import Decision, ScoredSymbol
from sc.wire.spamd_reply import EXIM_REPLY, Result, numbers

LIMIT = EXIM_REPLY - 512
"""Octets of the body; the head of the reply needs less than the rest."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_MORE = "     ({} more)\n"
_TABLE = (
    " pts rule name              description\n"
    "---- ---------------------- "
    "--------------------------------------------------\n"
)


def report(decision: Decision, result: Result, message_id: str) -> bytes:
    """
    Never empty, and never too long for Exim: symbols that find no room are counted.
    """
    score, required = numbers(result)
    text = (
        f"Action: {decision.action.value}\nReason: {decision.reason.value}\n"
        f"Id: {message_id}\n\n{_plain(decision.sentence, 500)}\n\n"
        f"Content analysis details:   ({score} points, {required} required)\n\n"
    )
    head = (text + _TABLE).encode("utf-8", "replace")
    return head + _rows(decision, LIMIT - len(head) - len(_MORE) - 8)


def _rows(decision: Decision, room: int) -> bytes:
    rows = b""
    for number, symbol in enumerate(decision.symbols):
        row = _row(symbol)
        if len(rows) + len(row) > room:
            left = len(decision.symbols) - number
            return rows + _MORE.format(left).encode("ascii")
        rows += row
    return rows


def _row(symbol: ScoredSymbol) -> bytes:
    text = f"{symbol.score + 0.0:4.1f} {symbol.name:<22} {_plain(symbol.description)}"
    return f"{text.rstrip()}\n".encode("utf-8", "replace")


def _plain(text: str, limit: int = 200) -> str:
    return _CONTROL.sub(" ", text[:limit])
