"""sc.service.daemon: the daemon's life, in this process."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, Logger, formatEvent

from sc.config.load import Source
from sc.config.schema import load
from sc.model.decision import Action, Reason
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import State
from sc.service.daemon import Daemon, StartError
from sc.service.surroundings import Surroundings
from sc.store.state_dir import StateDir
from tests.fakes.dkim_keys import ed25519_key, key_file, pem
from tests.fakes.faults import Fault, serving
from tests.fakes.spamd import FakeSpamd

OPEN = (
    "listeners:\n"
    "  http: {endpoint: 'tcp:0:interface=127.0.0.1'}\n"
    "  spamd: {endpoint: 'tcp:0:interface=127.0.0.1'}\n"
    "  lmtp: {endpoint: 'tcp:0:interface=127.0.0.1'}\n"
    "  smtp: {enabled: false}\n"
    "scanners: {clamav: {enabled: false}, spamassassin: {enabled: false}}\n"
)


@pytest.fixture(autouse=True)
def keep_signals() -> Iterator[None]:
    """The daemon listens to SIGHUP; the test run must not."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


class Run:
    """A daemon on a folder, and what it logged."""

    def __init__(self, folder: Path, text: str = OPEN, *, foreground: bool = True):
        self.path = folder / "sc.yaml"
        self.write(folder, text)
        source = Source("sc.yaml", self.path)
        around = Surroundings(reactor, {}, random.Random(1), foreground=foreground)
        self.events: list[LogEvent] = []
        self.daemon = Daemon(source, load(source), around)
        self.daemon._log = Logger("sc", observer=self.events.append)  # type: ignore[arg-type]

    def write(self, folder: Path, text: str) -> None:
        self.path.write_text(f"state_dir: {folder / 'state'}\n{text}")

    @property
    def log(self) -> str:
        return "\n".join(formatEvent(event) for event in self.events)

    async def ready(self) -> None:
        while "ready:" not in self.log:
            waiting: Deferred[None] = Deferred()
            reactor.callLater(0.01, waiting.callback, None)
            await waiting


async def test_life(tmp_path: Path) -> None:
    """It opens, says so, scans, and leaves nothing behind."""
    run = Run(tmp_path)
    run.daemon.privilegedStartService()
    run.daemon.startService()
    await run.ready()
    assert "listening: http on tcp:0" in run.log
    assert "smtp on" not in run.log
    parts = run.daemon._parts
    assert parts is not None
    assert parts.why_not_ready() == ()
    outcome = await parts.flow.scan(Message("id-1", Envelope(), b"A: 1\r\n\r\n"))
    assert outcome.decision.reason.value == "clean"
    await run.daemon.stopService()
    assert run.log.endswith("stopped")


async def test_scanners_of_a_listener(tmp_path: Path) -> None:
    """What a door does not want is left out there, with what a client wants."""
    text = OPEN.replace("http: {", "http: {scanners: [patterns, headers], ")
    run = Run(tmp_path, text)
    run.daemon.startService()
    await run.ready()
    parts = run.daemon._parts
    assert parts is not None
    content = b"A: 1\r\n\r\n"
    looked = {}
    for door in ("http", "spamd"):
        message = Message("id-1", Envelope(), content, door)
        outcome = await parts.flow.scan(message, frozenset({"patterns", "links"}))
        done = [r.scanner for r in outcome.verdict.results if r.state is State.DONE]
        looked[door] = done
    assert looked == {"http": ["patterns"], "spamd": ["patterns", "links"]}
    await run.daemon.stopService()


async def test_reload(tmp_path: Path) -> None:
    """A new policy counts at once; what needs a restart is named."""
    run = Run(tmp_path)
    run.daemon.startService()
    await run.ready()
    policy = "policy: {inbound: {add_header: 3}}\nthreads: 4\n"
    run.write(tmp_path, OPEN + policy)
    run.daemon.reload()
    parts = run.daemon._parts
    assert parts is not None
    message = Message("id-1", Envelope(), b"A: 1\r\n\r\n")
    assert (await parts.flow.scan(message)).decision.add_header_at == 3
    assert "threads changed: restart to use it" in run.log
    run.write(tmp_path, "nonsense: 1\n")
    run.daemon.reload()
    assert "sc.yaml:2: nonsense: no such option" in run.log
    await run.daemon.stopService()
    run.daemon.reload()


def from_alice(number: int) -> Message:
    head = b"From: a@b.example\r\nSubject: %d\r\n\r\nhello\r\n" % number
    return Message(f"id-{number}", Envelope("a@b.example", user="alice"), head)


async def test_limits(tmp_path: Path) -> None:
    """The second message waits; a reload that allows it lets the next one through."""
    run = Run(tmp_path, OPEN + "limits: {messages: 1}\n")
    run.daemon.startService()
    await run.ready()
    parts = run.daemon._parts
    assert parts is not None
    assert (await parts.flow.scan(from_alice(1))).decision.reason is Reason.CLEAN
    outcome = await parts.flow.scan(from_alice(2))
    assert outcome.decision.action is Action.SOFT_REJECT
    assert outcome.decision.reason is Reason.LIMITED
    *scanners, limits = outcome.verdict.results
    assert limits.scanner == "limits"
    assert {r.reason for r in scanners} == {"settled by limits"}, "not scanned"
    run.write(tmp_path, OPEN + "limits: {messages: 3}\n")
    run.daemon.reload()
    assert (await parts.flow.scan(from_alice(3))).decision.reason is Reason.CLEAN
    assert "restart to use it" not in run.log
    await run.daemon.stopService()


async def test_reload_of_providers(tmp_path: Path) -> None:
    """One that is switched on gets its reports without a restart."""
    reporting = OPEN + "abuse_report:\n  from: a@b.example\n  smtp: 127.0.0.1:1\n"
    run = Run(tmp_path, reporting)
    run.daemon.startService()
    await run.ready()
    parts = run.daemon._parts
    assert parts is not None
    sender = parts.reports.sender
    assert sender is not None
    assert not sender.couriers
    run.write(tmp_path, reporting + "  providers: {netcraft: {enabled: true}}\n")
    run.daemon.reload()
    assert set(sender.couriers) == {"netcraft"}
    assert "restart to use it" not in run.log
    await run.daemon.stopService()


@pytest.mark.parametrize("foreground", [True, False])
async def test_refuses_to_start(tmp_path: Path, foreground: bool) -> None:
    """In the foreground one line and exit 1, in the background twistd's own way."""
    other = StateDir(tmp_path / "state")
    other.lock()
    run = Run(tmp_path, foreground=foreground)
    kind = SystemExit if foreground else StartError
    with pytest.raises(kind, match="another daemon"):
        run.daemon.privilegedStartService()
    await run.daemon.stopService()
    other.unlock()


async def test_stops_before_it_is_ready(tmp_path: Path) -> None:
    """SIGTERM while the first probe hangs ends it like any other, without a fuss."""
    async with serving(lambda: FakeSpamd(Fault.HANG)) as (address, _):
        hangs = f"spamassassin: {{enabled: true, servers: ['{address}']}}"
        run = Run(tmp_path, OPEN.replace("spamassassin: {enabled: false}", hangs))
        run.daemon.startService()
        await run.daemon.stopService()
    assert "ready:" not in run.log
    assert "cannot start" not in run.log
    assert run.log.endswith("stopped")


def test_key_is_lost(tmp_path: Path) -> None:
    """A key for DKIM that is gone at the start is told as what it is."""
    key = key_file(tmp_path, pem(ed25519_key()))
    one = f"{{domain: example.org, selector: s1, key_file: {key}}}"
    run = Run(tmp_path, f"{OPEN}abuse_report: {{dkim: {one}}}\n")
    Path(key).unlink()
    with pytest.raises(SystemExit, match=r"start: abuse_report\.dkim: .* No such"):
        run.daemon.privilegedStartService()
