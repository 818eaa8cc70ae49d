"""sc.scan.verdict_cache: one scan for the same message, now and for a while."""

from ipaddress import ip_address
from typing import Any

import pytest
from attrs import NOTHING, define, evolve, field, fields
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from sc.model.authentication import Authentication
from sc.model.choice import EVERYBODY, Choice
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, State, Symbol, Verdict
from sc.scan.verdict_cache import MAX_ABANDONED, VerdictCache
from sc.scan.verdict_json import VerdictSeal
from sc.store.memory_cache import MemoryCache
from tests.fakes.inline_offload import inline

ENVELOPE = Envelope("a@x.example", ("b@x.example",), ip_address("203.0.113.7"))
SYMBOL = Symbol("X", 1.5, 5.0, ("opt",), "a fact", frozenset({"b@x.example"}))
PROVEN = Authentication("dkim", "pass", (("header.d", "x.example"),), "good")
FOUND = ScannerResult(
    "x",
    State.DONE,
    Findings((SYMBOL, Symbol("Y")), ("bad",), ("ok",), "raw", (PROVEN,)),
    seconds=0.25,
)
SKIPPED = ScannerResult("y", State.SKIPPED, reason="not here")
ERROR = ScannerResult("x", State.ERROR, error="down")


def message(number: int = 1, envelope: Envelope = ENVELOPE) -> Message:
    return Message(f"m{number}", envelope, b"Subject: x\r\n\r\nbody")


@define(eq=False)
class Slow:
    """
    A pipeline that waits for the test.

    @ivar asked: the scans that were begun.
    @ivar cancelled: how many of them were ended.
    """

    asked: list[Deferred[tuple[ScannerResult, ...]]] = field(factory=list)
    cancelled: int = 0

    def choose(
        self, listener: str, direction: Direction, wanted: object = None
    ) -> Choice:
        return Choice(((listener, direction.value),))

    def spared(self, by: str) -> tuple[ScannerResult, ...]:
        return (ScannerResult("a", State.SKIPPED, reason=by),)

    async def scan(self, message: Message, _choice: Choice) -> Verdict:
        waiting: Deferred[tuple[ScannerResult, ...]] = Deferred()
        self.asked.append(waiting)
        try:
            return Verdict(message.id, await waiting)
        except CancelledError:
            self.cancelled += 1
            raise


@define(eq=False)
class Scene:
    """@ivar clock: of the cache."""

    revision: str = "r"
    secret: bytes = b"s" * 32
    clock: Clock = field(factory=Clock)
    slow: Slow = field(factory=Slow)
    store: MemoryCache = field(init=False)
    joined: VerdictCache = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.store = MemoryCache(self.clock)
        self.joined = self.another()

    def another(self, **changed: Any) -> VerdictCache:
        """A node with the same cache."""
        return VerdictCache(
            self.slow,
            self.store,
            VerdictSeal(changed.get("secret", self.secret)),
            inline(),
            changed.get("revision", self.revision),
            600.0,
        )

    def scan(
        self, it: Message | None = None, choice: Choice = EVERYBODY
    ) -> "Deferred[Verdict]":
        return Deferred.fromCoroutine(self.joined.scan(it or message(), choice))

    async def scanned(self, *results: ScannerResult) -> Verdict:
        """One message, scanned to its end."""
        scan = self.scan()
        self.slow.asked[-1].callback(results)
        return await scan


async def test_join() -> None:
    """Who comes while the same message is scanned waits for that scan."""
    scene = Scene()
    first, second = scene.scan(message(1)), scene.scan(message(2))
    [scan] = scene.slow.asked
    scan.callback((FOUND,))
    one, two = await first, await second
    assert (one.message_id, one.reused) == ("m1", False)
    assert (two.message_id, two.reused) == ("m2", True)
    assert one.results == two.results == (FOUND,)


async def test_late_result() -> None:
    """The scan goes on when its client leaves, and the next attempt finds it."""
    scene = Scene()
    scan = scene.scan()
    scan.cancel()
    with pytest.raises(CancelledError):
        await scan
    assert scene.slow.cancelled == 0
    scene.slow.asked[0].callback((FOUND, SKIPPED))
    again = await scene.scan(message(2))
    assert again == Verdict("m2", (FOUND, SKIPPED), reused=True)
    assert len(scene.slow.asked) == 1


async def test_nothing_is_forgotten() -> None:
    """Every field of a result comes back: those of FOUND are none of the defaults."""
    for value in (FOUND, FOUND.findings, SYMBOL, PROVEN):
        for attribute in fields(type(value)):
            if attribute.default is not NOTHING:
                told = attribute.name in ("error", "reason") and value is FOUND
                assert told or getattr(value, attribute.name) != attribute.default
    scene = Scene()
    await scene.scanned(FOUND, SKIPPED)
    assert (await scene.scan(message(2))).results == (FOUND, SKIPPED)


async def test_ttl() -> None:
    """Scanners learn: after a while the message is scanned again."""
    scene = Scene()
    await scene.scanned(FOUND)
    scene.clock.advance(601)
    await scene.scanned(FOUND)
    assert len(scene.slow.asked) == 2


@pytest.mark.parametrize(
    "result",
    [ERROR, evolve(FOUND, findings=Findings((Symbol("SPF_TEMPERROR"),)))],
    ids=["error", "temperror"],
)
async def test_errors_are_not_kept(result: ScannerResult) -> None:
    """What could not be asked is asked again at the next attempt."""
    scene = Scene()
    await scene.scanned(result)
    assert (await scene.scanned(FOUND)).results == (FOUND,)
    assert len(scene.slow.asked) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"sender": ""},
        {"recipients": ("c@x.example",)},
        {"client_ip": ip_address("203.0.113.8")},
        {"client_name": "x.example"},
        {"helo": "x"},
        {"user": "joe"},
        {"preferences": "joe"},
        {"tls": "TLSv1.3"},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_another_envelope(changed: dict[str, Any]) -> None:
    """What a scanner is told beside the message counts like the message."""
    scene = Scene()
    await scene.scanned(FOUND)
    scene.scan(message(2, evolve(ENVELOPE, **changed)))
    assert len(scene.slow.asked) == 2


async def test_another_attempt() -> None:
    """Port and queue id are new at each attempt, and count nothing."""
    scene = Scene()
    await scene.scanned(FOUND)
    envelope = evolve(ENVELOPE, client_port=1, queue_id="q")
    assert (await scene.scan(message(2, envelope))).reused


async def test_another_choice() -> None:
    """Other scanners, another verdict."""
    scene = Scene()
    await scene.scanned(FOUND)
    choice = scene.joined.choose("spamd", Direction.INBOUND)
    scene.scan(message(2), choice)
    assert len(scene.slow.asked) == 2


async def test_other_settings() -> None:
    """A node with other settings finds nothing of ours."""
    scene = Scene()
    await scene.scanned(FOUND)
    scene.joined = scene.another(revision="other")
    scene.scan()
    assert len(scene.slow.asked) == 2


async def test_nodes_share() -> None:
    """A node with the same secret and settings has what the other found."""
    scene = Scene()
    await scene.scanned(FOUND)
    scene.joined = scene.another()
    assert (await scene.scan()).reused


@pytest.mark.parametrize("how", ["secret", "moved", "cut", "empty"])
async def test_forged(how: str) -> None:
    """Who can write to the cache cannot have his mail waved through."""
    scene = Scene()
    await scene.scanned(FOUND)
    [(key, (expires, value))] = scene.store._entries.items()
    if how == "secret":
        scene.joined = scene.another(secret=b"t" * 32)
    elif how == "moved":
        scene.scan(message(2, evolve(ENVELOPE, helo="x")))
        scene.slow.asked[1].callback((FOUND,))
        scene.store._entries[key] = list(scene.store._entries.values())[-1]
    else:
        scene.store._entries[key] = (expires, value[:-1] if how == "cut" else b"")
    before = len(scene.slow.asked)
    scene.scan()
    assert len(scene.slow.asked) == before + 1


async def test_who_hangs_up_again_and_again() -> None:
    """Only so many scans go on for nobody."""
    scene = Scene()
    for number in range(MAX_ABANDONED + 3):
        envelope = evolve(ENVELOPE, helo=str(number))
        scan = scene.scan(message(number, envelope))
        scan.addErrback(lambda failure: failure.trap(CancelledError))
        scan.cancel()
    assert scene.slow.cancelled == 3


async def test_stop() -> None:
    """A daemon that stops ends what nobody waits for, and finishes the rest."""
    scene = Scene()
    waited = scene.scan(message(1))
    left = scene.scan(message(2, evolve(ENVELOPE, helo="x")))
    left.addErrback(lambda failure: failure.trap(CancelledError))
    left.cancel()
    scene.joined.stop()
    assert scene.slow.cancelled == 1
    scene.slow.asked[0].callback((FOUND,))
    assert (await waited).results == (FOUND,)
    late = scene.scan(message(3, evolve(ENVELOPE, helo="y")))
    late.addErrback(lambda failure: failure.trap(CancelledError))
    late.cancel()
    assert scene.slow.cancelled == 2


async def test_leaving_at_the_end() -> None:
    """A client may leave because another one has its answer."""
    scene = Scene()
    first, second = scene.scan(message(1)), scene.scan(message(2))

    def answered(verdict: Verdict) -> Verdict:
        second.cancel()
        return verdict

    first.addCallback(answered)
    scene.slow.asked[0].callback((FOUND,))
    assert (await first).results == (FOUND,)
    with pytest.raises(CancelledError):
        await second


async def test_bug() -> None:
    """A bug behind it is told to all who wait, and leaves nothing behind."""
    scene = Scene()
    first, second = scene.scan(message(1)), scene.scan(message(2))
    scene.slow.asked[0].errback(RuntimeError("bug"))
    for scan in (first, second):
        with pytest.raises(RuntimeError):
            await scan
    assert not scene.joined._running


def test_spared() -> None:
    """What is settled without a scan is none of the cache's business."""
    assert Scene().joined.spared("lists") == Scene().slow.spared("lists")
