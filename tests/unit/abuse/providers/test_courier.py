"""sc.abuse.providers.courier: a report arrives, or it is known how it did not."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sc.abuse.providers.abuseipdb import AbuseIPDB
from sc.abuse.providers.courier import PAUSE, ProviderCourier
from sc.abuse.providers.couriers import build_couriers
from sc.abuse.providers.netcraft import Netcraft
from sc.abuse.providers.provider import Provider
from sc.abuse.providers.settings import (
    AbuseipdbSettings,
    CloudflareSettings,
    NetcraftSettings,
    ProviderSettings,
    SpamhausSettings,
)
from sc.model.report import ReportState as S
from sc.net.fetcher import Fetched, FetcherSettings, GuardedFetcher
from sc.net.posting import BeforeBody, Posting
from sc.net.resolver import Destinations
from sc.outbox.entry import NewReport
from sc.outbox.sender import Ending, Sender
from sc.outbox.settings import DAY
from sc.outbox.states import TransitionError
from tests.fakes.abuse import SETTINGS, StubResolver
from tests.fakes.deliverer import FakeDeliverer
from tests.fakes.faults import AFTER_CONNECT, Fault
from tests.fakes.outbox import Bench
from tests.fakes.web import FakeWeb, Request, http, serving_web

LOOKS = 3000
"""Of 20 ms each: a minute, on a machine that does much else."""

REPORT = NewReport(
    key="k",
    contact="abuseipdb",
    message_id="m1",
    mail_from="",
    rcpt_to="report",
    mail=b"ip=192.0.2.7",
    mail_message_id="",
    route="abuseipdb",
)


async def nothing() -> None:
    pass


def provider(base: str, **more: Any) -> AbuseIPDB:
    values: dict[str, Any] = {"enabled": True, "key": "s3cret", "base": base}
    return AbuseIPDB(AbuseipdbSettings(**(values | more)))


def courier(one: Provider) -> ProviderCourier:
    settings = FetcherSettings(Destinations.ANY, connect_timeout=60.0)
    fetcher = GuardedFetcher(cast(Any, reactor), StubResolver({}), settings)
    return ProviderCourier(one, LiteralResolved(fetcher), Clock())


class LiteralResolved:
    """
    The fetcher, whose resolver knows 127.0.0.1.

    @ivar clock: its deadlines'; a machine may be slow.
    """

    def __init__(self, fetcher: GuardedFetcher) -> None:
        self.clock = fetcher._clock = Clock()
        resolver = StubResolver({"127.0.0.1": ("127.0.0.1",)})
        fetcher._guard = evolve(fetcher._guard, resolver=resolver)
        self._fetcher = fetcher

    async def post(
        self, posting: Posting, max_octets: int, before_body: BeforeBody
    ) -> Fetched:
        return await self._fetcher.post(posting, max_octets, before_body)


async def carried(
    one: ProviderCourier, tmp_path: Path, begin: BeforeBody = nothing
) -> Ending:
    bench = Bench.make(tmp_path / f"{len(list(tmp_path.iterdir()))}.db")
    status = await bench.outbox.add(REPORT)
    entry = await bench.outbox.get(status.id)
    await bench.store.close()
    return await one.carry(entry, REPORT.mail, begin)


ANSWERS: list[tuple[int, bytes, Mapping[str, str], Ending]] = [
    (200, b'{"id": "77"}', {}, Ending(S.SENT, "200 77")),
    (208, b'{"status": 208}', {}, Ending(S.SENT, "208")),
    (
        429,
        b'{"errors": [{"detail": "once in 15 minutes", "status": 429}]}',
        {"Retry-After": "900"},
        Ending(S.DEFERRED, "429 once in 15 minutes", 900.0),
    ),
    (
        200,
        b'{"message": "Successfully reported", "uuid": "9f"}',
        {},
        Ending(S.SENT, "200 9f"),
    ),
    (
        400,
        b'{"id": "7", "message": "no such type"}',
        {},
        Ending(S.FAILED, "400 no such type"),
    ),
    (429, b"", {"Retry-After": "99999999"}, Ending(S.DEFERRED, "429", DAY)),
    (429, b"", {"Retry-After": "soon"}, Ending(S.DEFERRED, "429", PAUSE)),
    (
        401,
        b'{"status": 401, "message": "user is not authorized"}',
        {},
        Ending(S.FAILED, "401 user is not authorized: check its key, then retry"),
    ),
    (400, b'{"error_code": 1, "msg": "bad\\r\\n"}', {}, Ending(S.FAILED, "400 bad??")),
    (422, b"[" * 50_000, {}, Ending(S.FAILED, "422")),
    (500, b"<html>", {}, Ending(S.DEFERRED, "500", PAUSE)),
    (302, b"", {"Location": "http://127.0.0.1/"}, Ending(S.FAILED, "302")),
]


@pytest.mark.parametrize(("status", "body", "headers", "ending"), ANSWERS)
async def test_answers(
    tmp_path: Path,
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    ending: Ending,
) -> None:
    """What a provider says decides what becomes of the report."""
    async with serving_web(lambda _: http(status, body, headers)) as web:
        assert await carried(courier(provider(web.base)), tmp_path) == ending
    (request,) = web.requests
    assert (request.method, request.path) == ("POST", "/report")
    assert request.body == b"ip=192.0.2.7"
    assert request.headers["key"] == "s3cret"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("fault", AFTER_CONNECT)
async def test_faults(tmp_path: Path, fault: Fault) -> None:
    """No answer to the whole request: it may have been taken, and a person decides."""
    async with serving_web(lambda _: http(200, b"{}"), fault) as web:
        one = courier(provider(web.base))
        carrying = Deferred.fromCoroutine(carried(one, tmp_path))
        await until(lambda: bool(web.requests))
        if fault in (Fault.HANG, Fault.DRIP):
            cast(LiteralResolved, one._poster).clock.advance(10.0)
        ending = await carrying
        assert ending.state is S.UNCERTAIN
        assert "s3cret" not in ending.reason
        # The next ones wait, and do not become uncertain, too.
        later = await carried(one, tmp_path)
        assert (later.state, later.after) == (S.DEFERRED, PAUSE)
        assert len(web.requests) == 1


async def test_refused(tmp_path: Path) -> None:
    """Where nothing listens nothing was taken: later again."""
    async with serving_web(lambda _: b"", Fault.REFUSE) as web:
        ending = await carried(courier(provider(web.base)), tmp_path)
    assert ending.state is S.DEFERRED
    assert "cannot be reached" in ending.reason


async def test_closed(tmp_path: Path) -> None:
    """A quota that is used up holds for all reports, and nobody asks meanwhile."""
    async with serving_web(lambda _: http(429, b"", {"Retry-After": "100"})) as web:
        one = courier(provider(web.base))
        await carried(one, tmp_path)
        cast(Clock, one._clock).advance(40.0)
        ending = await carried(one, tmp_path)
        assert ending.after == 60.0
        assert "takes nothing more for 60 s" in ending.reason
        cast(Clock, one._clock).advance(60.0)
        await carried(one, tmp_path)
    assert len(web.requests) == 2


async def test_clock_set_back(tmp_path: Path) -> None:
    """A pause that seems to last for years is none: nobody is closed for ever."""
    async with serving_web(lambda _: http(429, b"", {"Retry-After": "100"})) as web:
        one = courier(provider(web.base))
        cast(Clock, one._clock).advance(10 * DAY)
        await carried(one, tmp_path)
        one._clock = Clock()
        await carried(one, tmp_path)
    assert len(web.requests) == 2


async def test_cancelled(tmp_path: Path) -> None:
    """What was cancelled meanwhile is not told: its body never leaves."""

    async def refuse() -> None:
        raise TransitionError("cancelled")

    async with serving_web(lambda _: http(200)) as web:
        with pytest.raises(TransitionError):
            await carried(courier(provider(web.base)), tmp_path, refuse)
    assert web.requests == []


async def test_early_answer(tmp_path: Path) -> None:
    """A yes to what was not read is none; it counts only when all has come to rest."""

    class Hasty:
        begun: "Deferred[None] | None" = None

        async def post(
            self, posting: Posting, max_octets: int, before_body: BeforeBody
        ) -> Fetched:
            return Fetched(200, {}, b"", posting.url)

    one = ProviderCourier(provider("http://x.example/"), Hasty(), Clock())
    assert (await carried(one, tmp_path)).state is S.DEFERRED


async def test_key_file(tmp_path: Path) -> None:
    """The key may lie in a file, which is read for each report."""
    path = tmp_path / "key"
    async with serving_web(lambda _: http(200)) as web:
        one = courier(provider(web.base, key=None, key_file=str(path)))
        missing = await carried(one, tmp_path)
        assert missing.state is S.DEFERRED
        assert str(path) not in missing.reason
        path.write_text("two words\n")
        assert "holds no key" in (await carried(one, tmp_path)).reason
        path.write_text("fresh\nother\n")
        assert (await carried(one, tmp_path)).state is S.SENT
    assert web.requests[0].headers["key"] == "fresh"


async def test_without_key(tmp_path: Path) -> None:
    """Netcraft wants none."""
    async with serving_web(lambda _: http(200, b'{"uuid": "ab"}')) as web:
        one = Netcraft(NetcraftSettings(enabled=True, base=web.base))
        assert await carried(courier(one), tmp_path) == Ending(S.SENT, "200 ab")


async def test_through_the_outbox(tmp_path: Path) -> None:
    """A report for a provider waits, comes again after its time, and leaves once."""
    answers = [http(429, b"", {"Retry-After": "7200"}), http(200, b'{"id": "9"}')]

    def answer(_: Request) -> bytes:
        return answers.pop(0)

    bench = Bench.make(tmp_path / "store.db")
    async with serving_web(answer) as web:
        one = courier(provider(web.base))
        one._clock = bench.clock
        couriers = {"abuseipdb": one}
        sender = Sender(bench.outbox, FakeDeliverer(), bench.clock, couriers)
        sender.startService()
        status = await bench.outbox.add(REPORT)
        await settled(web, 1, bench, status.id, S.DEFERRED)
        bench.clock.pump([60.0] * 119)
        assert len(web.requests) == 1
        bench.clock.pump([60.0] * 2)
        await settled(web, 2, bench, status.id, S.SENT)
        await sender.stopService()
    assert (await bench.outbox.add(REPORT)).duplicate
    await bench.store.close()


async def settled(
    web: FakeWeb, requests: int, bench: Bench, report_id: str, state: S
) -> None:
    """Wait for real sockets, while the outbox's clock stands."""
    await until(lambda: len(web.requests) == requests)
    for _ in range(LOOKS):
        if (await bench.outbox.get(report_id)).state is state:
            break
        await a_while()
    assert (await bench.outbox.get(report_id)).state is state
    assert len(web.requests) == requests


async def until(seen: Callable[[], bool]) -> None:
    """Return when a real socket has brought it."""
    for _ in range(LOOKS):
        if seen():
            return
        await a_while()
    raise AssertionError("it never came")


def a_while() -> "Deferred[None]":
    pause: Deferred[None] = Deferred()
    cast(Any, reactor).callLater(0.02, pause.callback, None)
    return pause


async def test_switched_off(tmp_path: Path) -> None:
    """A report for a provider that is off now says what to do."""
    bench = Bench.make(tmp_path / "store.db")
    sender = Sender(bench.outbox, FakeDeliverer(), bench.clock)
    sender.startService()
    status = await bench.outbox.add(REPORT)
    entry = await bench.outbox.get(status.id)
    assert (entry.state, entry.route) == (S.FAILED, "abuseipdb")
    assert entry.reason == "abuseipdb is off: switch it on, then retry"
    await sender.stopService()
    await bench.store.close()


def test_who_is_on() -> None:
    """A courier for each provider that is switched on."""
    every = ProviderSettings(
        cloudflare=CloudflareSettings(enabled=True, key="c", account_id="x"),
        spamhaus=SpamhausSettings(enabled=True, key="s"),
    )
    poster, clock = cast(Any, None), Clock()
    assert build_couriers(SETTINGS, poster, clock) == {}
    made = build_couriers(evolve(SETTINGS, providers=every), poster, clock)
    assert list(made) == ["cloudflare", "spamhaus"]
    for one in made.values():
        assert one.provider.headers("k") == {"Authorization": "Bearer k"}
