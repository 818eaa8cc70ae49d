"""Numbers and limits in the replies."""

from math import inf, nan

import pytest

from sc.wire.spamd_reply import EXIM_REPLY, Metric, Result, numbers, rspamc, symbol_list


@pytest.mark.parametrize(
    ("spam", "score", "required", "shown"),
    [
        (True, 15.0, 6.0, ("15.0", "6.0")),
        (True, 5.96, 6.0, ("6.0", "6.0")),
        (False, 5.96, 6.0, ("5.9", "6.0")),
        (False, -0.04, 6.0, ("0.0", "6.0")),
        (False, -3.25, 6.0, ("-3.2", "6.0")),
        (True, inf, 6.0, ("99999.9", "6.0")),
        (False, -inf, 6.0, ("-99999.9", "6.0")),
        (True, 1e300, 6.0, ("99999.9", "6.0")),
        (False, 5.0, inf, ("5.0", "99999.9")),
    ],
)
async def test_numbers(
    spam: bool, score: float, required: float, shown: tuple[str, str]
) -> None:
    """One decimal, no exponent, and never on the wrong side of the threshold."""
    assert numbers(Result(spam, score, required)) == shown


async def test_not_a_number() -> None:
    """nan is shown as a number, on the side of the decision."""
    assert numbers(Result(spam=False, score=nan, required=6.0)) == ("5.9", "6.0")


async def test_two_decimals() -> None:
    """RSPAMC has two."""
    assert numbers(Result(spam=False, score=14.999, required=15.0), 2)[0] == "14.99"


async def test_symbol_list() -> None:
    """Names are sorted, once each, and cannot break the line."""
    assert symbol_list(["B", "A", "B", "C\r\nX: y"]) == "A,B,C__X__y"


async def test_many_symbols() -> None:
    """Exim gets 16 KiB at most, with the message id still at the end."""
    symbols = [(f"SYMBOL_{n}", 1.0) for n in range(5000)]
    reply = rspamc(
        Result(spam=True, score=20.0, required=15.0),
        Metric("reject", symbols, None, "no", "1@x"),
    )
    assert EXIM_REPLY - 30 < len(reply) <= EXIM_REPLY
    assert reply.endswith(b"Message: no\r\nMessage-ID: 1@x\r\n")


async def test_strange_texts() -> None:
    """A stranger's subject or id begins no line of ours, and is cut at an octet."""
    metric = Metric("rewrite subject", (), "x\r\nAction: reject", "", "\xe9" * 2000)
    reply = rspamc(Result(spam=False, score=7.0, required=15.0), metric)
    assert b"\r\nSubject: x Action: reject\r\n" in reply
    assert b"Message-ID: " + ("\xe9" * 450).encode() + b"\r\n" in reply
