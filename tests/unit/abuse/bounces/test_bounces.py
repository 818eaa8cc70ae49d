"""What comes back for a report: what it changes, and what it must not."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import pytest_twisted
from attrs import define, evolve, frozen
from twisted.logger import Logger

from sc.abuse.bounces.answers import MAX_KEPT, Answers
from sc.abuse.bounces.bounces import MAX_AGE, Bounces, UnsettledError
from sc.abuse.bounces.settings import BounceSettings
from sc.abuse.bounces.verp import ReturnPaths
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.report import ReportState
from sc.outbox.entry import Entry
from sc.outbox.rules import HOUR, RateLimits, Rules
from sc.outbox.settings import DAY
from sc.outbox.states import TransitionError
from tests.fakes import responses
from tests.fakes.abuse import SEAL
from tests.fakes.inline_threads import INLINE
from tests.fakes.outbox import Bench, incident, report
from tests.fakes.smtp_door import Heard

PATHS = ReturnPaths("bounces@example.org", "+", b"k" * 32)
SENDER = PATHS.make("r1")
DESK = "abuse@net.example"
FIELDS = {
    "From": "<abuse@example.org>",
    "Subject": "Abuse report",
    "Message-ID": "<1@example.org>",
    "Content-Type": "multipart/report",
}
SEALED = "".join(f"{name}: {value}\n" for name, value in FIELDS.items()) + (
    f"X-SC-Report-Id: {SEAL.make('r1', FIELDS, b'body')}"
)


FULL = responses.postfix(diagnostic="552 5.2.2 full")
QMAIL = responses.QMAIL.replace(b"Subject: Abuse report\n", SEALED.encode())


@define
class Office:
    """One report, `r1` to `DESK`, and what takes what comes back."""

    bench: Bench
    bounces: Bounces
    heard: Heard
    number: int = 0

    async def take(
        self, content: bytes, recipient: str = SENDER, sender: str = ""
    ) -> None:
        self.number += 1
        envelope = Envelope(sender=sender, recipients=(recipient,))
        await self.bounces.take(Message(f"b{self.number}", envelope, content, "lmtp"))

    async def state(self, report_id: str = "r1") -> tuple[ReportState, str]:
        entry = await self.bench.outbox.get(report_id)
        return entry.state, entry.reason

    async def sent(self, key: str = "key") -> str:
        """One more report has left."""
        status = await self.bench.outbox.add(report(key))
        await self.bench.outbox.begin(status.id)
        await self.bench.outbox.end(status.id, ReportState.SENT, "250 ok")
        self.bench.clock.advance(1)
        return status.id

    async def desk(self) -> tuple[int, int, int]:
        (desk,) = await self.bench.desks.list(10)
        return desk.sent, desk.bounced, desk.answered

    @property
    def told(self) -> dict[str, object]:
        """The last line of the log that says what came back."""
        lines = [e for e in self.heard.events if "what" in e]
        names = ("report", "by", "proven", "what", "ticket", "reason")
        return {name: lines[-1][name] for name in names}


@pytest_twisted.async_yield_fixture
async def o(place: str) -> AsyncIterator[Office]:
    bench = Bench.make(place)
    heard = Heard()
    answers = Answers(bench.store, bench.clock, bench.desks)
    log = Logger("sc.abuse", observer=heard)
    bounces = Bounces(
        bench.outbox, answers, bench.desks, SEAL, PATHS, bench.clock, INLINE, log
    )
    made = Office(bench, bounces, heard)
    await made.sent()
    yield made
    await bench.store.close()


async def test_bounce(o: Office) -> None:
    """Nobody is there: the report says so, and the desk is dead."""
    await o.take(responses.postfix())
    assert await o.state() == (ReportState.BOUNCED, "550 5.1.1 User unknown")
    assert await o.desk() == (1, 1, 0)
    (dead,) = (await o.bench.desks.dead([DESK.upper()])).values()
    assert dead.obituary == f"{DESK} is dead until 2023-12-14 (550 5.1.1 User unknown)"
    assert "scctl desks revive {desk}" in o.heard.events[-1]["log_format"]
    await o.take(responses.postfix())  # the same once more
    assert await o.desk() == (1, 1, 0)
    o.bench.clock.advance(30 * DAY + 1)
    assert not await o.bench.desks.dead([DESK])


@pytest.mark.parametrize(
    ("content", "recipient", "by"),
    [
        (responses.postfix(header=SEALED, envid=""), "bounces@example.org", "header"),
        (QMAIL, "bounces@example.org", "header"),
        (responses.QMAIL, SENDER, "sender"),
        (responses.EXCHANGE, SENDER.upper(), "sender"),
    ],
)
async def test_proven(o: Office, content: bytes, recipient: str, by: str) -> None:
    """By its sender, or by the header of ours that it brings back."""
    await o.take(content, recipient)
    assert (o.told["report"], o.told["by"], o.told["proven"]) == ("r1", by, True)
    assert (await o.state())[0] is ReportState.BOUNCED


@pytest.mark.parametrize(
    ("content", "by"),
    [
        (responses.postfix(), "envelope-id"),
        (responses.postfix(header=SEALED[:-1] + "?", envid=""), "message-id"),
        (
            responses.postfix(envid="").replace(
                b"\nMessage-Id", b"\nReferences: <1@example.org>\nMessage-Id"
            ),
            "message-id",
        ),
    ],
)
async def test_forged(o: Office, content: bytes, by: str) -> None:
    """A bounce that anybody could have written silences no desk."""
    await o.take(content, "bounces@example.org")
    assert (o.told["report"], o.told["by"], o.told["proven"]) == ("r1", by, False)
    assert (await o.state())[0] is ReportState.SENT
    assert not await o.bench.desks.dead([DESK])


@pytest.mark.parametrize(
    "content", [responses.postfix(), responses.ANSWER, b"", b"\0" * 99]
)
async def test_not_ours(o: Office, content: bytes) -> None:
    """One line in the log, and nothing else."""
    away = content.replace(b"<1@example.org>", b"<9@x>").replace(b"r1", b"r9")
    await o.take(away, PATHS.make("r1")[:-20] + "@example.org")
    assert await o.desk() == (1, 0, 0)
    assert await o.bounces.answers.of("r1") == ()
    await o.take(away, PATHS.make("r7"))
    assert o.told["report"] in ("r7", "r9")


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed"])
async def test_not_failed(o: Office, action: str) -> None:
    """A delay or a delivery changes nothing."""
    await o.take(responses.postfix(action=action))
    assert await o.state() == (ReportState.SENT, "250 ok")
    assert o.told["what"] == action


async def test_dead_after_several(o: Office) -> None:
    """Three that came back one after the other, for whatever reason."""
    await o.take(FULL)
    for key in ("two", "three", "four"):
        assert not await o.bench.desks.dead([DESK])
        report_id = await o.sent(key)
        if key == "two":
            continue  # it arrived
        await o.take(FULL, PATHS.make(report_id))
    assert not await o.bench.desks.dead([DESK])
    await o.take(FULL, PATHS.make(await o.sent("five")))
    assert await o.bench.desks.dead([DESK])


async def test_one_of_many(o: Office) -> None:
    """A desk whose mail goes on to somebody who is gone is not dead at once."""
    handed_on = responses.postfix().replace(
        b"Final-Recipient: rfc822; abuse@", b"Final-Recipient: rfc822; carol@"
    )
    await o.take(handed_on)
    assert (await o.state())[0] is ReportState.BOUNCED
    for key in ("two", "three"):
        assert not await o.bench.desks.dead([DESK])
        await o.take(handed_on, PATHS.make(await o.sent(key)))
    assert await o.bench.desks.dead([DESK])


async def test_never_dead(o: Office) -> None:
    """`dead_days: 0`: it bounced, and gets the next report all the same."""
    o.bench.desks = evolve(o.bench.desks, settings=BounceSettings(dead_days=0))
    o.bench.outbox.settled = o.bench.desks.settled
    o.bounces = evolve(o.bounces, desks=o.bench.desks)
    await o.take(responses.postfix())
    assert (await o.state())[0] is ReportState.BOUNCED
    assert not await o.bench.desks.dead([DESK])


async def test_revived(o: Office) -> None:
    """The operator knows better; in any case of letters."""
    await o.take(responses.postfix())
    assert (await o.bench.desks.revive(DESK.upper())).dead_until == 0
    assert not await o.bench.desks.dead([DESK])
    with pytest.raises(LookupError, match="no report was sent to x@y"):
        await o.bench.desks.revive("x@y")


async def test_too_early(o: Office) -> None:
    """One that overtakes the relay's answer must come again."""
    status = await o.bench.outbox.add(report("two"))
    await o.take(responses.postfix(), PATHS.make(status.id))
    assert (await o.state(status.id))[0] is ReportState.QUEUED  # of an earlier attempt
    await o.bench.outbox.begin(status.id)
    with pytest.raises(UnsettledError):
        await o.take(responses.postfix(), PATHS.make(status.id))


@frozen
class Busy:
    """An outbox whose report changes between two looks."""

    entry: Entry

    async def get(self, _report_id: str) -> Entry:
        return self.entry

    async def bounced(self, *_: object) -> None:
        raise TransitionError("the report has changed meanwhile")


async def test_meanwhile(o: Office) -> None:
    """One that another node changes just now must come again, too."""
    busy = cast(Any, Busy(await o.bench.outbox.get("r1")))
    o.bounces = evolve(o.bounces, outbox=busy)
    with pytest.raises(UnsettledError):
        await o.take(responses.postfix())


async def test_too_late(o: Office) -> None:
    """No MTA has it any more: somebody to whom the desk gave it wrote that."""
    o.bench.clock.advance(MAX_AGE + 1)
    await o.take(responses.postfix())
    assert (await o.state())[0] is ReportState.SENT


async def test_uncertain(o: Office) -> None:
    """A bounce tells what became of a report that may have left."""
    status = await o.bench.outbox.add(report("two"))
    await o.bench.outbox.begin(status.id)
    await o.bench.outbox.end(status.id, ReportState.UNCERTAIN, "lost")
    await o.take(responses.postfix(), PATHS.make(status.id))
    assert (await o.state(status.id))[0] is ReportState.BOUNCED
    await o.bench.outbox.retry(status.id)
    assert (await o.state(status.id))[0] is ReportState.QUEUED


async def test_without_words(o: Office) -> None:
    """A failure that gives no reason is one."""
    bare = responses.postfix().replace(b"Status: 5.1.1", b"Status: x")
    await o.take(bare.replace(b"Diagnostic-Code: smtp; 550 5.1.1 User unknown", b""))
    assert await o.state() == (ReportState.BOUNCED, "it says no reason")


async def test_answers(o: Office) -> None:
    """A ticket and a person count; a vacation note is only kept."""
    for content in (responses.VACATION, responses.TICKET, responses.ANSWER):
        await o.take(content, "abuse@example.org", "someone@net.example")
        o.bench.clock.advance(1)
    kept = await o.bounces.answers.of("r1")
    assert [(a.kind, a.ticket) for a in kept] == [
        ("automatic", ""),
        ("automatic", "Ticket#4711"),
        ("answer", ""),
    ]
    assert kept[2].words.startswith("The customer was disconnected.")
    assert await o.desk() == (1, 0, 2)
    assert o.told["proven"] is False


async def test_odd_octets(o: Office) -> None:
    """What no store takes as text is left out, and the rest is kept."""
    await o.take(responses.ODD, "bounces@example.org", "alice@net.example")
    (answer,) = await o.bounces.answers.of("r1")
    assert answer.subject == "a b"
    assert answer.words == "The   customer was disconnected."


async def test_digest(o: Office) -> None:
    """What was part of a mail that came back came back, too; it is one bounce."""
    o.bench.outbox.rules = Rules(RateLimits(contact_hour=1))
    carrier, part, more = [await o.bench.outbox.add(incident(n)) for n in (1, 2, 3)]
    assert part.reason == more.reason == f"in the digest {carrier.id}"
    o.bench.clock.advance(HOUR)
    assert await o.bench.outbox.admit(carrier.id)
    await o.bench.outbox.begin(carrier.id)
    await o.bench.outbox.end(carrier.id, ReportState.SENT, "250 ok")
    await o.take(FULL, PATHS.make(carrier.id))
    for report_id in (carrier.id, part.id, more.id):
        assert await o.state(report_id) == (ReportState.BOUNCED, "552 5.2.2 full")
    assert await o.desk() == (2, 1, 0)
    assert not await o.bench.desks.dead([DESK])
    await o.bench.outbox.retry(carrier.id)
    assert (await o.state(part.id))[0] is ReportState.QUEUED


async def test_form(o: Office) -> None:
    """A desk that takes reports at a web page only says where."""
    words = b"This mailbox is not read. Use our web form: https://net.example/abuse\n"
    await o.take(b"Auto-Submitted: auto-replied\n\n" + words)
    (desk,) = await o.bench.desks.list(10)
    assert (desk.form, desk.answered) == ("https://net.example/abuse", 0)


async def test_looping_desk(o: Office) -> None:
    """A ticket system that answers its own answers fills no disk."""
    for _ in range(MAX_KEPT + 5):
        await o.take(responses.TICKET)
    assert len(await o.bounces.answers.of("r1")) == MAX_KEPT
    assert await o.desk() == (1, 0, MAX_KEPT)


async def test_provider(o: Office) -> None:
    """What comes back for a provider's report stands there, and makes no desk."""
    new = evolve(report("other", "submit.1@spam.example"), contact="spamcop")
    status = await o.bench.outbox.add(new)
    await o.bench.outbox.begin(status.id)
    await o.bench.outbox.end(status.id, ReportState.SENT, "250 ok")
    sender = PATHS.make(status.id)
    form = b"This mailbox is not read. Use our web form: https://x.example/abuse\n"
    for content in (responses.TICKET, b"Auto-Submitted: auto-replied\n\n" + form):
        await o.take(content, sender, "someone@spam.example")
    assert len(await o.bounces.answers.of(status.id)) == 2
    await o.take(responses.postfix("submit.1@spam.example"), sender)
    assert (await o.state(status.id))[0] is ReportState.BOUNCED
    assert await o.desk() == (1, 0, 0)
    assert not await o.bench.desks.dead([DESK, "submit.1@spam.example", "spamcop"])


async def test_without_return_paths(o: Office) -> None:
    """With `from` as the sender, the header that comes back is the proof."""
    o.bounces = evolve(o.bounces, paths=None)
    await o.take(responses.postfix(header=SEALED))
    assert o.told["by"] == "header"
