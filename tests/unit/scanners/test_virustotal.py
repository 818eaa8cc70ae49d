"""sc.scanners.virustotal: hashes only, within the quota, remembered."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import define, evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock, deferLater

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, names_virus
from sc.net.fetcher import FetcherSettings, GuardedFetcher
from sc.net.resolver import Destinations
from sc.scanners.interface import Interface, NotScannedError, ScannerError
from sc.scanners.settings import Enabled
from sc.scanners.virustotal import (
    EICAR,
    POLL,
    VirusTotalScanner,
    VirusTotalSettings,
    build,
    find_suspects,
)
from tests.fakes.archives import PROGRAM
from tests.fakes.faults import Fault
from tests.fakes.ground import ground
from tests.fakes.virustotal import KEY, FakeVirusTotal, stats
from tests.fakes.web import FakeWeb, serving_web

REACTOR = cast(IReactorTime, reactor)


@define
class World:
    scanner: VirusTotalScanner
    web: FakeWeb
    clock: Clock


@asynccontextmanager
async def world(
    peer: FakeVirusTotal,
    fault: Fault | None = None,
    patience: float = 60.0,
    **more: Any,
) -> AsyncIterator[World]:
    clock = Clock()
    stands_on = ground(clock=clock)
    anywhere = FetcherSettings(Destinations.ANY, timeout=patience)
    fetcher = GuardedFetcher(REACTOR, stands_on.resolver, anywhere)
    async with serving_web(peer.answer, fault) as web:
        given = {"key": KEY, **more}
        settings = VirusTotalSettings(enabled=Enabled.TRUE, base=web.base, **given)
        made = build(settings, evolve(stands_on, fetcher=fetcher))
        yield World(made, web, clock)


async def until(condition: Callable[[], object]) -> None:
    """Let real sockets go on; a machine may be slow."""
    for _ in range(6000):
        if condition():
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("it never came")


def mail(*payloads: bytes) -> Message:
    parts = [
        b"--b\r\nContent-Type: application/x; name=%d.exe\r\n\r\n%s\r\n" % (n, payload)
        for n, payload in enumerate(payloads)
    ]
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\nhello\r\n"
    return Message("m", Envelope(), head + b"".join(parts) + b"--b--\r\n")


def digest(payload: bytes) -> str:
    return sha256(payload).hexdigest()


def names(found: Findings) -> list[str]:
    return [symbol.name for symbol in found.symbols]


async def test_virus() -> None:
    """Enough engines say so: rejected by default. Nothing but the hash has left."""
    peer = FakeVirusTotal({digest(b"evil"): stats(5, 1)})
    async with world(peer) as w:
        found = await w.scanner.scan(mail(b"evil"), {})
        [request] = w.web.requests
    [symbol] = found.symbols
    assert symbol.name == "VIRUSTOTAL_VIRUS"
    assert names_virus(symbol.name)
    assert symbol.options == ("trojan.emotet/x", "6/66", "0.exe")
    assert found.flagged == ("trojan.emotet/x",)
    assert (request.method, request.body) == ("GET", b"")
    assert request.path == f"/files/{digest(b'evil')}"


@pytest.mark.parametrize(
    ("said", "expected", "score"),
    [
        (stats(2, 0), ["VIRUSTOTAL_SUSPICIOUS"], 2.0),
        (stats(0, 1), ["VIRUSTOTAL_SUSPICIOUS"], 2.0),
        (stats(), [], 0.0),
    ],
)
async def test_less(said: dict[str, int], expected: list[str], score: float) -> None:
    """A few engines make a file suspicious, none make it nothing."""
    async with world(FakeVirusTotal({digest(b"x"): said})) as w:
        found = await w.scanner.scan(mail(b"x"), {})
    assert names(found) == expected
    assert sum(symbol.score for symbol in found.symbols) == score
    assert found.passed == ("OK",)


async def test_unknown_and_remembered() -> None:
    """A file that nobody knows says nothing; both answers are asked for once."""
    async with world(FakeVirusTotal({digest(b"x"): stats()})) as w:
        for _ in range(2):
            found = await w.scanner.scan(mail(b"x", b"new"), {})
            assert names(found) == ["VIRUSTOTAL_UNKNOWN"]
            assert found.symbols[0].options == ("1.exe",)
        assert len(w.web.requests) == 2


async def test_our_rate() -> None:
    """Above our own rate files are skipped, until the next minute."""
    peer = FakeVirusTotal({digest(b"a"): stats(1)})
    async with world(peer, per_minute=1) as w:
        found = await w.scanner.scan(mail(b"a", b"b"), {})
        assert names(found) == ["VIRUSTOTAL_SUSPICIOUS", "VIRUSTOTAL_SKIPPED"]
        with pytest.raises(NotScannedError, match="quota") as raised:
            await w.scanner.scan(mail(b"c"), {})
        assert raised.value.symbol is not None
        assert raised.value.symbol.name == "VIRUSTOTAL_SKIPPED"
        assert len(w.web.requests) == 1
        await w.scanner.probe()
        w.clock.advance(60.0)
        assert names(await w.scanner.scan(mail(b"c"), {})) == ["VIRUSTOTAL_UNKNOWN"]


@pytest.mark.parametrize(
    ("said", "pause"), [("120", 120.0), ("", 60.0), ("99999999", 3600.0), ("soon", 60)]
)
async def test_its_quota(said: str, pause: float) -> None:
    """A 429 is no error, and asks for a pause that we keep."""
    peer = FakeVirusTotal(quota=0, retry_after=said)
    async with world(peer) as w:
        for seconds in (pause - 1.0, 1.0):
            with pytest.raises(NotScannedError, match="quota"):
                await w.scanner.scan(mail(b"x"), {})
            await w.scanner.probe()
            w.clock.advance(seconds)
        assert len(w.web.requests) == 1
        peer.quota = 1
        assert names(await w.scanner.scan(mail(b"x"), {})) == ["VIRUSTOTAL_UNKNOWN"]


async def test_many_files() -> None:
    """Only so many of one message are asked about; each content once."""
    async with world(FakeVirusTotal(), max_files=2) as w:
        found = await w.scanner.scan(mail(b"a", b"a", b"b", b"c"), {})
        assert [s.options for s in found.symbols] == [("0.exe", "2.exe"), ("3.exe",)]
        assert names(found) == ["VIRUSTOTAL_UNKNOWN", "VIRUSTOTAL_SKIPPED"]
        assert len(w.web.requests) == 2


async def test_no_files() -> None:
    """Most mail is not asked about."""
    async with world(FakeVirusTotal()) as w:
        with pytest.raises(NotScannedError, match="no file"):
            await w.scanner.scan(mail(), {})
        assert not w.web.requests


async def test_wrong_key() -> None:
    """The operator is told what to do, and the key by nobody."""
    async with world(FakeVirusTotal(), key="wrong-secret") as w:
        with pytest.raises(ScannerError, match="401: check") as raised:
            await w.scanner.scan(mail(b"x"), {})
        assert "wrong-secret" not in str(raised.value)
        assert "wrong-secret" not in repr(w.scanner)
        with pytest.raises(ScannerError, match="401"):
            await w.scanner.probe()


async def test_key_file(tmp_path: Path) -> None:
    """Read for each question; without one it is down."""
    path = tmp_path / "key"
    async with world(FakeVirusTotal(), key=None, key_file=str(path)) as w:
        with pytest.raises(ScannerError, match="key_file cannot be read"):
            await w.scanner.probe()
        path.write_text(f"{KEY}\n")
        await w.scanner.probe()


async def test_probe() -> None:
    """Asks once, for a file that is known, and again only after a failure."""
    async with world(FakeVirusTotal()) as w:
        for _ in range(3):
            await w.scanner.probe()
        assert w.web.paths == [f"/files/{EICAR}"]


@pytest.mark.parametrize("fault", Fault)
async def test_faults(fault: Fault) -> None:
    """A peer that fails is an error with a sentence, of scan and probe."""
    async with world(FakeVirusTotal(), fault, patience=0.5) as w:
        with pytest.raises(ScannerError, match=" "):
            await w.scanner.scan(mail(b"x"), {})
        with pytest.raises(ScannerError):
            await w.scanner.probe()


async def test_one_is_enough() -> None:
    """After a virus nothing more is asked for, and nothing can fail."""
    peer = FakeVirusTotal({digest(b"a"): stats(9), digest(b"b"): {"malicious": -1}})
    async with world(peer) as w:
        found = await w.scanner.scan(mail(b"a", b"b"), {})
        assert names(found) == ["VIRUSTOTAL_VIRUS"]
        with pytest.raises(ScannerError, match="nobody can read"):
            await w.scanner.scan(mail(b"b"), {})


def _asked_and_waiting(w: World, requests: int) -> bool:
    return len(w.web.requests) == requests and bool(w.clock.getDelayedCalls())


async def test_upload() -> None:
    """Only where the operator wants it: the file alone, and then its analysis."""
    async with world(FakeVirusTotal(pending=1), upload=True, timeout=60.0) as w:
        work = Deferred.fromCoroutine(w.scanner.scan(mail(b"new file"), {}))
        for asked in (2, 3):
            await until(partial(_asked_and_waiting, w, asked))
            w.clock.advance(POLL)
        assert names(await work) == ["VIRUSTOTAL_VIRUS"]
        posted = w.web.requests[1]
        assert posted.method == "POST"
        assert b"\r\n\r\nnew file\r\n--" in posted.body
        assert b"hello" not in posted.body
        # The analysis is remembered.
        assert names(await w.scanner.scan(mail(b"new file"), {})) == [
            "VIRUSTOTAL_VIRUS"
        ]
        assert len(w.web.requests) == 4


async def test_upload_bounds() -> None:
    """Large files stay; one that is not ready in time is pending."""
    async with world(FakeVirusTotal(), upload=True, max_upload=3) as w:
        assert names(await w.scanner.scan(mail(b"long"), {})) == ["VIRUSTOTAL_UNKNOWN"]
        w.scanner._settings = evolve(w.scanner._settings, timeout=POLL)
        assert names(await w.scanner.scan(mail(b"new"), {})) == ["VIRUSTOTAL_PENDING"]


async def test_upload_refused() -> None:
    """A service that breaks off while it is given a file is an error."""
    async with world(FakeVirusTotal(), upload=True) as w:
        w.web.answer = lambda _: b"rubbish\r\n\r\n"
        with pytest.raises(ScannerError):
            await w.scanner._service.upload(b"x")


def test_suspects() -> None:
    """What runs comes first; texts, pictures and what is empty are not asked about."""
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: application/x\r\n\r\nrest\r\n"
        b"--b\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4\r\n"
        b"--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\nhello\r\n"
        b"--b\r\nContent-Type: text/plain; name=a.js\r\n\r\nrun\r\n"
        b"--b\r\nContent-Type: image/gif\r\n\r\nGIF89a\r\n"
        b"--b\r\nContent-Type: image/png\r\n\r\n" + PROGRAM + b"\r\n"
        b"--b\r\nContent-Type: application/x; name=empty\r\n\r\n\r\n--b--\r\n"
    )
    payloads = [one.payload for one in find_suspects(content)]
    assert payloads == [b"run", PROGRAM, b"%PDF-1.4", b"rest"]


def test_settings() -> None:
    """Off without a key; one place for it; never shown."""
    assert VirusTotalSettings().enabled is Enabled.FALSE
    assert "secret" not in repr(VirusTotalSettings(key="secret"))
    with pytest.raises(ValueError, match="needs key"):
        VirusTotalSettings(enabled=Enabled.AUTO)
    with pytest.raises(ValueError, match="both"):
        VirusTotalSettings(key="a", key_file="/b")


async def test_what_it_is() -> None:
    """A service of others."""
    async with world(FakeVirusTotal()) as w:
        assert (w.scanner.name, w.scanner.needs) == ("virustotal", ())
        assert w.scanner.interface is Interface.NETWORK
