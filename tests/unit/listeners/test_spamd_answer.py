"""Decisions in the words of each client."""

import pytest
from attrs import evolve

from sc.flow import Outcome
from sc.listeners.spamd.answer import answer
from sc.model.decision import Action, Decision, RecipientDecision, ScoredSymbol
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Verdict
from sc.scan.observed import observed
from sc.wire.spamd import Code, Command, Dialect, ProtocolError, Request
from sc.wire.spamd_reply import EXIM_REPLY
from tests.fakes.flow import decision_of

RSPAMC = Dialect.RSPAMC
MANY = tuple(ScoredSymbol(f"SYMBOL_{n}", 1.0, (), "x\ny" * 90) for n in range(2000))


def reply(
    command: Command,
    decision: Decision,
    content: bytes = b"Subject: x\n\ntext",
    dialect: Dialect = Dialect.SPAMC,
) -> bytes:
    message = Message("id-1", Envelope(), content)
    decisions = (RecipientDecision(None, decision),)
    verdict = Verdict("id-1")
    outcome = Outcome(message, Direction.INBOUND, verdict, decisions, 0.1)
    answered = answer(Request(dialect, command, (1, 2)), outcome)
    return answered.octets + answered.rest[answered.start :]


async def test_long_report() -> None:
    """A report of thousands of symbols stays within what Exim can take."""
    octets = reply(Command.REPORT, decision_of(Action.REJECT, *MANY))
    assert EXIM_REPLY - 1024 < len(octets) <= EXIM_REPLY
    shown = octets.count(b" SYMBOL_")
    assert octets.endswith(b"     (%d more)\n" % (2000 - shown))


async def test_report_has_one_line_for_each_symbol() -> None:
    """A description cannot break the table."""
    octets = reply(Command.REPORT, decision_of(Action.REJECT, MANY[0]))
    assert octets.count(b"\n") == len(octets.splitlines())
    assert octets.splitlines()[-1].startswith(b" 1.0 SYMBOL_0               x yx y")


async def test_long_status() -> None:
    """X-Spam-Status of thousands of symbols fits into a line."""
    octets = reply(Command.HEADERS, decision_of(Action.REJECT, *MANY))
    assert max(map(len, octets.splitlines())) <= 998
    assert b",SYMBOL_1" in octets


async def test_no_symbols() -> None:
    """Nothing found is `none` in the field, as in spamd."""
    decision = evolve(decision_of(Action.NO_ACTION), symbols=())
    assert b" tests=none autolearn=no" in reply(Command.HEADERS, decision)


async def test_negative_score_has_no_stars() -> None:
    """Less than nothing is no star."""
    decision = evolve(decision_of(Action.NO_ACTION), score=-5.0)
    assert b"X-Spam-Level: \n" in reply(Command.HEADERS, decision)


async def test_new_subject_holds_the_old_one() -> None:
    """`%s` in the new Subject stands for the old one, in both dialects."""
    decision = evolve(decision_of(Action.REWRITE_SUBJECT), subject="SPAM: %s")
    assert b"\nSubject: SPAM: x\n" in reply(Command.HEADERS, decision)
    rspamc = reply(Command.CHECK, decision, dialect=Dialect.RSPAMC)
    assert b"\r\nSubject: SPAM: x\r\n" in rspamc


async def test_message_without_body() -> None:
    """A message that is all header, or nothing, comes back whole."""
    whole = reply(Command.PROCESS, decision_of(Action.NO_ACTION), b"Subject: x")
    assert whole.endswith(b"Subject: x\n\n")
    empty = reply(Command.PROCESS, decision_of(Action.NO_ACTION), b"")
    assert empty.endswith(b"\r\n\r\n")


async def test_forged_fields_go() -> None:
    """No field of ours or of spamd's survives from a stranger."""
    forged = b"X-Spam: no\nx-spam-status: No\nX-SC-Id: 1\nX-Spamcop: 1\n\ntext"
    octets = reply(Command.PROCESS, decision_of(Action.REJECT), forged)
    assert octets.endswith(b"X-Spamcop: 1\n\ntext")
    assert octets.count(b"X-SC-Id") == 1
    assert b"status: No\n" not in octets


@pytest.mark.parametrize("command", [Command.PROCESS, Command.HEADERS])
async def test_a_message_that_is_all_header(command: Command) -> None:
    """Millions of fields are not written anew; CHECK has its answer all the same."""
    huge, decision = b"A: b\n" * 200_000 + b"\nbody\n", decision_of(Action.NO_ACTION)
    with pytest.raises(ProtocolError, match="the header section") as caught:
        reply(command, decision, huge)
    assert caught.value.code is Code.TOO_LARGE
    assert reply(Command.CHECK, decision, huge).startswith(b"SPAMD/1.1 0 EX_OK")


@pytest.mark.parametrize("command", [Command.PROCESS, Command.HEADERS])
async def test_observed(command: Command) -> None:
    """Where we only observe, another scanner's fields stay, and one of ours comes."""
    decision = observed(decision_of(Action.REJECT), "id-1")
    theirs = b"X-Spam-Status: No\nX-SC-Id: forged\nSubject: x\n\ntext"
    octets = reply(command, decision, theirs)
    assert b"X-SC-Id: id-1\nX-Spam-Status: No\nSubject: x\n\n" in octets
    assert b"forged" not in octets
    assert b"Spam: False ; 5.9 / 6.0\r\n" in reply(Command.CHECK, decision)


async def test_observed_by_rspamc() -> None:
    """Exim compares the numbers: both stay on the mild side."""
    octets = reply(
        Command.CHECK, observed(decision_of(Action.REJECT), "id-1"), dialect=RSPAMC
    )
    assert b"Metric: default; False; 5.90 / 15.00" in octets
    assert b"Action: no action\r\n" in octets
