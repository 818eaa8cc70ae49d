"""The daemon as an operator meets it: start, refuse, reload, drain, stop."""

import shutil
import signal
import sys
from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory

from sc.listeners.endpoint import EndpointService
from tests.fakes.faults import Fault, Serving, serving
from tests.fakes.spamd import FakeSpamd
from tests.integration.daemon import (
    DOORS,
    PATIENCE,
    ROOT,
    Daemon,
    config_text,
    free_port,
    pause,
    running,
    spawn,
    stop,
)
from tests.programs import run

GTUBE = (ROOT / "docs/examples/gtube.eml").read_bytes()
TWISTD = str(Path(sys.executable).with_name("twistd"))
SCCTL = str(Path(sys.executable).with_name("scctl"))


def start(folder: Path, ports: dict[str, int], extra: str = "") -> Daemon:
    """A daemon that is expected to end by itself."""
    config = folder / "sc.yaml"
    config.write_text(config_text(folder, ports, extra))
    daemon = spawn(config, ports, folder / "state")
    daemon.ready.addErrback(lambda _: None)
    return daemon


def free_ports() -> dict[str, int]:
    return {name: free_port() for name in DOORS}


async def curl(daemon: Daemon, *arguments: str, stdin: bytes = b"") -> str:
    url = f"http://127.0.0.1:{daemon.ports['http']}"
    done = await run(["curl", "-s", *arguments[:-1], url + arguments[-1]], stdin)
    return done.out.decode()


async def test_says_what_it_found(tmp_path: Path) -> None:
    """A newcomer reads what listens, who scans, where the state and the file lie."""
    async with running(tmp_path) as daemon:
        for name, port in daemon.ports.items():
            assert f"listening: {name} on tcp:{port}:interface=127.0.0.1" in daemon.log
        assert "scanner: patterns up (builtin)" in daemon.log
        assert "scanner: clamav absent (" in daemon.log
        assert f"state: {tmp_path / 'state'}" in daemon.log
        assert f"configuration: {tmp_path / 'sc.yaml'}" in daemon.log
        assert '{"status": "ready"}' in await curl(daemon, "/readyz")
    assert daemon.code == -signal.SIGTERM
    assert "stopped" in daemon.log


async def test_state_is_private(tmp_path: Path) -> None:
    """Nobody else can read the state folder or a secret in it."""
    async with running(tmp_path) as daemon:
        assert daemon.state.stat().st_mode & 0o777 == 0o700
        for path in daemon.state.iterdir():
            assert path.stat().st_mode & 0o077 == 0, path.name


async def test_port_in_use(tmp_path: Path) -> None:
    """A port that somebody else has ends the daemon at once, with exit 1."""
    ports = free_ports()
    endpoint = f"tcp:{ports['lmtp']}:interface=127.0.0.1"
    door = EndpointService(reactor, endpoint, Factory())
    door.startService()
    daemon = start(tmp_path, ports)
    assert await daemon.exited == 1
    assert f"sc: cannot start: tcp:{ports['lmtp']}" in daemon.log
    assert "Traceback" not in daemon.log
    await door.stopService()


async def test_second_daemon_on_one_state_folder(tmp_path: Path) -> None:
    """Two daemons on one state folder would send twice: the second exits 1."""
    async with running(tmp_path) as first:
        second = start(tmp_path, free_ports())
        assert await second.exited == 1
        assert first.transport is not None
        assert f"another daemon (pid {first.transport.pid})" in second.log


async def test_damaged_store(tmp_path: Path) -> None:
    """A store that is no database is left alone, and named."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "sc.db").write_bytes(b"not a database" * 100)
    daemon = start(tmp_path, free_ports())
    assert await daemon.exited == 1
    assert "sc.db: file is not a database" in daemon.log


async def test_bad_configuration(tmp_path: Path) -> None:
    """Every error is told with its line, and the exit code is 78."""
    daemon = start(tmp_path, free_ports(), "policy:\n  inbound: {reject: x}\n")
    assert await daemon.exited == 78
    assert "sc.yaml:12: policy.inbound.reject: must be a number" in daemon.log


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--help"], 0, "--config"),
        (["--version"], 0, "sc 0."),
        (["-T", "--config", str(ROOT / "etc/sc.yaml")], 0, "sc.yaml: ok"),
        (["-T", "--config", "/nowhere"], 78, "/nowhere: (file): No such file"),
        (["--nonsense"], 1, "nonsense"),
    ],
)
async def test_command_line(
    tmp_path: Path, arguments: list[str], code: int, text: str
) -> None:
    """twistd finds `sc` from anywhere, and its options behave as expected."""
    argv = ["env", "-C", str(tmp_path), TWISTD, "sc", *arguments]
    done = await run(argv)
    assert done.code == code
    assert text in (done.out + done.err).decode()
    assert not list(tmp_path.iterdir())


async def test_installed_package(tmp_path: Path) -> None:
    """`pip install .` puts the plugin where twistd looks for it."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".*", "build", "*.egg-info", "var", "tests")
    shutil.copytree(ROOT, source, ignore=ignored)
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    build = ["--no-build-isolation", "--target", str(target), str(source)]
    done = await run([*pip, *build], timeout=180)
    assert done.code == 0, done.err.decode()
    # Without site-packages' own link to the working tree, only the target is left.
    code = (
        "import sys; sys.path = [p for p in sys.path if p != sys.argv[1]];"
        "import sc, twisted.plugins as p; from twisted.plugin import getPlugins;"
        "from twisted.application.service import IServiceMaker;"
        "print(sc.__file__, [m.name for m in getPlugins(IServiceMaker)])"
    )
    found = await run(
        ["env", "-C", str(tmp_path), sys.executable, "-c", code, str(ROOT)],
        env={"PYTHONPATH": str(target)},
    )
    assert str(target) in found.out.decode()
    assert "'sc'" in found.out.decode()


async def test_reload(tmp_path: Path) -> None:
    """SIGHUP changes the policy at once and names what needs a restart."""
    async with running(tmp_path) as daemon:
        assert '"action": "reject"' in await _scan(daemon)
        config = tmp_path / "sc.yaml"
        text = config_text(tmp_path, daemon.ports, "threads: 3\n")
        config.write_text(text + "policy:\n  overrides: {GTUBE: add header}\n")
        daemon.signal(signal.SIGHUP)
        await daemon.saw("configuration reloaded")
        await daemon.saw("threads changed: restart to use it")
        assert '"action": "add header"' in await _scan(daemon)


async def test_reload_with_an_error(tmp_path: Path) -> None:
    """A file with an error changes nothing, and the daemon goes on."""
    async with running(tmp_path) as daemon:
        (tmp_path / "sc.yaml").write_text("nonsense: 1\n")
        daemon.signal(signal.SIGHUP)
        await daemon.saw("sc.yaml:1: nonsense: no such option")
        assert '"action": "reject"' in await _scan(daemon)


async def _scan(daemon: Daemon) -> str:
    return await curl(daemon, "--data-binary", "@-", "/v1/scan", stdin=GTUBE)


async def asked(spamds: Serving) -> None:
    """Return when one of them has a message to look at."""
    waited = 0.0
    while not any(
        isinstance(peer, FakeSpamd) and peer.request.startswith(b"SYMBOLS ")
        for peer in spamds.connections
    ):
        assert waited < PATIENCE, "nothing came"
        waited += 0.05
        await pause(0.05)


async def test_stops_within_its_bound(tmp_path: Path) -> None:
    """SIGTERM while a scanner hangs: the client sees a failure, and we end in time."""
    async with serving(lambda: FakeSpamd(Fault.HANG, pings=True)) as (address, peers):
        extra = (
            "  spamd: {endpoint: PORT_spamd, limits: {drain_timeout: 0.5}}\n"
            f"scanners:\n  spamassassin: {{enabled: true, servers: ['{address}']}}\n"
        )
        async with running(tmp_path, extra) as daemon:
            spamc = ["spamc", "-x", "-c", "-d", "127.0.0.1"]
            port = str(daemon.ports["spamd"])
            waiting = Deferred.fromCoroutine(run([*spamc, "-p", port], GTUBE))
            await asked(peers)
            assert not waiting.called
            assert await stop(daemon) == -signal.SIGTERM
        assert (await waiting).code in (74, 75)
        assert "stopped" in daemon.log


async def test_admin_needs_the_token(tmp_path: Path) -> None:
    """Loopback may not see the outbox; scctl with the state folder's token may."""
    async with running(tmp_path) as daemon:
        assert '"error"' in await curl(daemon, "/v1/outbox")
        url = f"http://127.0.0.1:{daemon.ports['http']}"
        env = {"STATE_DIRECTORY": str(daemon.state), "SC_URL": url}
        done = await run([SCCTL, "outbox", "list"], env=env)
        assert done.code == 0, done.err.decode()
        assert done.out.decode().split() == [
            *("id", "state", "contact", "evidence", "reason")
        ]
