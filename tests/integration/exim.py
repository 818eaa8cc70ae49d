"""A real Exim with the files from etc/exim, in a folder of its own."""

import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from attrs import asdict, frozen
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tests.integration.daemon import free_port, pause
from tests.programs import Finished, program, run

ETC = Path(__file__).resolve().parents[2] / "etc" / "exim"
USER = "Debian-exim"
PATIENCE = 20.0

CONFIG = """
primary_hostname = exim.test
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
deliver_drop_privilege = true
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
{main}

begin acl

acl_rcpt:
  accept

acl_data:
{acl}
  accept

begin routers

{routers}

everybody:
  driver = accept
  transport = mbox

begin transports

mbox:
  driver = appendfile
  file = {folder}/mail/mbox
  user = {user}
  envelope_to_add
  return_path_add

{transports}

begin authenticators

plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = yes
  server_set_id = $auth2
  server_advertise_condition = *
"""


def two_parts(name: str) -> tuple[str, str]:
    """The two parts of a file from etc/exim."""
    text = (ETC / name).read_text()
    _, first, second = re.split(r"^# ---- \d\. .*$", text, flags=re.MULTILINE)
    return first, second


def sections(name: str, address: str) -> tuple[str, str]:
    """The main section's part and the ACL's, for sc at another address."""
    main, acl = two_parts(name)
    assert main.count("spamd_address = 127.0.0.1 5783") == 1
    return main.replace(
        "spamd_address = 127.0.0.1 5783", f"spamd_address = {address}"
    ), acl


class _Process(ProcessProtocol):
    def __init__(self) -> None:
        self.out = b""
        self.ended: Deferred[None] = Deferred()

    def errReceived(self, data: bytes) -> None:
        self.out += data

    outReceived = errReceived

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


@frozen
class Exim:
    """
    A running Exim.

    @ivar folder: holds its configuration, spool, log and `mail/mbox`.
    """

    folder: Path
    port: int

    async def send(self, message: bytes, *options: str) -> Finished:
        """Hand a message over as a client would."""
        argv = [
            program("swaks"),
            *("--server", "127.0.0.1", "--port", str(self.port)),
            *("--helo", "client.example.org", "--from", "alice@example.org"),
            *("--to", "bob@exim.test,carol@exim.test", "--data", "-"),
            *options,
        ]
        return await run(argv, message)

    async def send_from(self, ip: str, message: bytes, *options: str) -> Finished:
        """The same from a client at any address, by Exim's own word for it."""
        exim = f"{program('exim4')} -C {self.folder}/exim.conf -bs -oMa {ip}"
        argv = [program("swaks"), "--pipe", exim, "--helo", "client.example.org"]
        argv += ["--from", "alice@example.org", "--to", "bob@exim.test", "--data", "-"]
        return await run([*argv, *options], message)

    async def run_queue(self) -> None:
        """Try each message once, to the end; one that this makes waits for the next."""
        argv = [program("exim4"), "-C", str(self.folder / "exim.conf"), "-qff"]
        ran = await run(argv)
        assert ran.code == 0, ran

    async def delivered(self) -> str:
        """The first message that arrives in the mailbox."""
        mbox = self.folder / "mail" / "mbox"
        await self._wait(
            lambda: mbox.exists() and mbox.read_text("latin-1").endswith("\n\n")
        )
        return mbox.read_text("latin-1")

    async def logged(self, text: str) -> None:
        await self._wait(lambda: text in self.log())

    async def _wait(self, happened: Callable[[], bool]) -> None:
        waited = 0.0
        while not happened():
            assert waited < PATIENCE, f"it does not happen:\n{self.log()}"
            waited += 0.05
            await pause(0.05)

    def log(self) -> str:
        logs = sorted((self.folder / "log").glob("*log"))
        return "".join(path.read_text() for path in logs)


@frozen
class Parts:
    """What a test adds to each section."""

    main: str = ""
    acl: str = ""
    routers: str = ""
    transports: str = ""


@asynccontextmanager
async def running(name: str, address: str, folder: Path) -> AsyncIterator[Exim]:
    """Exim with a file from etc/exim, asking sc at `address` (its own words)."""
    async with started(folder, Parts(*sections(name, address))) as found:
        yield found


@asynccontextmanager
async def started(folder: Path, parts: Parts) -> AsyncIterator[Exim]:
    """Exim with these parts; stopped at the end."""
    exim = program("exim4")
    config = folder / "exim.conf"
    config.write_text(CONFIG.format(folder=folder, user=USER, **asdict(parts)))
    port = free_port()
    process = _Process()
    pid_file = folder / "spool" / "pid"
    argv = [exim, "-C", str(config), "-bdf", "-oX", f"127.0.0.1.{port}"]
    argv += ["-oP", str(pid_file)]
    transport = reactor.spawnProcess(process, exim, argv, env=dict(os.environ))
    try:
        await _listening(pid_file, process)
        yield Exim(folder, port)
    finally:
        with suppress(ProcessExitedAlready):
            transport.signalProcess("TERM")
        await process.ended


async def _listening(pid_file: Path, process: _Process) -> None:
    """Exim writes its pid when it listens."""
    waited = 0.0
    while not pid_file.exists():
        assert not process.ended.called, process.out.decode("utf-8", "replace")
        assert waited < PATIENCE, "Exim does not start"
        waited += 0.05
        await pause(0.05)


@asynccontextmanager
async def exim_folder() -> AsyncIterator[Path]:
    """
    A folder that Exim's own user can enter; pytest's tmp_path is for root alone.
    """
    if os.geteuid() != 0:
        pytest.skip("Exim drops from root to its own user: run the tests as root")
    program("exim4")
    folder = Path(tempfile.mkdtemp(prefix="sc-exim-"))
    try:
        folder.chmod(0o755)
        for part in ("spool", "log", "mail"):
            (folder / part).mkdir()
            shutil.chown(folder / part, USER, USER)
        yield folder
    finally:
        shutil.rmtree(folder)
