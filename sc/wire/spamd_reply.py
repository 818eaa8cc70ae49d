"""Replies of SPAMC and RSPAMC, octet by octet as their clients need them.

spamc compares header names with their case; Exim's sscanf wants no Content-length below
version 1.3; Haraka wants exactly one decimal; a number that rounds over the threshold
would turn Exim's decision, which compares the numbers and ignores the word.
"""

import re
from collections.abc import Sequence

from attrs import frozen

from sc.wire.spamd import Command, Request

PONG = b"SPAMD/1.5 0 PONG\r\n"

EXIM_REPLY = 16 * 1024
"""Octets of a whole reply to Exim; it loses the action of longer ones, or crashes."""

_LARGEST = 99999.9
_TEXT = 900
"""Octets of a Subject or a text; RFC 5322 2.1.1 allows lines of 998."""

_NAME = re.compile(r"[^A-Za-z0-9_]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@frozen
class Result:
    """@ivar required: the threshold that is shown beside the score."""

    spam: bool
    score: float
    required: float


@frozen
class Metric:
    """
    What RSPAMC says beyond the numbers.

    @ivar action: in rspamd's words.
    @ivar subject: the whole new one, with `rewrite subject`.
    @ivar text: for the SMTP client; "" for none.
    @ivar message_id: without angle brackets; "" if the message has none.
    """

    action: str
    symbols: Sequence[tuple[str, float]] = ()
    subject: str | None = None
    text: str = ""
    message_id: str = ""


def numbers(result: Result, decimals: int = 1) -> tuple[str, str]:
    """Score and threshold; rounded, they still stand on the same sides."""
    required = round(_finite(result.required), decimals)
    score = round(_finite(result.score), decimals)
    if result.spam:
        score = max(score, required)
    else:
        score = min(score, required - 10**-decimals)
    # + 0.0 makes -0.0 a 0.0
    return f"{score + 0.0:.{decimals}f}", f"{required + 0.0:.{decimals}f}"


def symbol_list(names: Sequence[str]) -> str:
    return ",".join(sorted({_NAME.sub("_", name) for name in names}))


def head(request: Request, result: Result, length: int) -> bytes:
    """
    Everything before the body of `length` octets.

    The words differ by version as real spamd's do.
    """
    rewrites = request.command in (Command.PROCESS, Command.HEADERS)
    if rewrites and request.version < (1, 2):
        return b"SPAMD/1.0 0 EX_OK\r\n"
    lines = ["SPAMD/1.1 0 EX_OK"]
    if has_length(request):
        lines.append(f"Content-length: {length}")
    if not (rewrites and request.version < (1, 3)):
        score, required = numbers(result)
        # For REPORT_IFSPAM too: spamc takes spamd's own Yes for ham.
        lines.append(f"Spam: {result.spam} ; {score} / {required}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def has_length(request: Request) -> bool:
    if request.command is Command.CHECK:
        return False
    if request.command in (Command.PROCESS, Command.HEADERS):
        return request.version >= (1, 2)
    return request.version >= (1, 3)


def rspamc(result: Result, metric: Metric) -> bytes:
    """As rspamd writes it, cut at the symbols to what Exim can take."""
    score, required = numbers(result, 2)
    first = [
        b"RSPAMD/1.3 0 EX_OK",
        f"Metric: default; {result.spam}; {score} / {required} / 0.0".encode(),
        # Exim reads the action from the line directly behind Metric.
        _line("Action", metric.action),
    ]
    if metric.subject is not None:
        first.append(_line("Subject", metric.subject))
    last = [_line("Message", metric.text)] if metric.text else []
    last.append(_line("Message-ID", metric.message_id or "undef"))
    room = EXIM_REPLY - sum(len(line) + 2 for line in first + last)
    return b"".join(
        line + b"\r\n" for line in [*first, *_symbols(metric.symbols, room), *last]
    )


def _symbols(symbols: Sequence[tuple[str, float]], room: int) -> list[bytes]:
    lines = []
    for name, score in symbols:
        value = round(_finite(score), 2) + 0.0
        line = f"Symbol: {_NAME.sub('_', name)}({value:.2f})".encode("ascii")
        room -= len(line) + 2
        if room < 0:
            break
        lines.append(line)
    return lines


def _line(name: str, value: str) -> bytes:
    """A stranger's text must not begin a line of ours."""
    octets = _CONTROL.sub(" ", value).strip().encode("utf-8", "replace")[:_TEXT]
    return f"{name}: {octets.decode('utf-8', 'ignore')}".encode()


def _finite(number: float) -> float:
    """No exponent, `inf` or `nan` may be sent."""
    return max(-_LARGEST, min(_LARGEST, number))
