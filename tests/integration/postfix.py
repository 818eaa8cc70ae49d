"""A real Postfix that takes mail over TLS from a user with a password.

Unpacked in .peers, in a folder of its own: smtpd with Cyrus SASL on two ports
(STARTTLS, and TLS from the start), virtual(8) into one maildir.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from attrs import frozen
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tests.fakes.certificates import ca_file, issued
from tests.integration.daemon import free_port, pause
from tests.programs import PEERS, postfix_env, program, run

NAME = "postfix.test"
USER, PASSWORD = f"us@{NAME}", "pass word \u00e4"
OWNER, GROUP, TAKER = "mail", "daemon", "nobody"
"""Users and a group of every Debian, in place of those that the package would make."""

PATIENCE = 20.0
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {root}/usr/sbin
daemon_directory = {root}/usr/lib/postfix/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {folder}/etc
import_environment = LD_LIBRARY_PATH MAIL_CONFIG TZ LANG=C
mail_owner = {owner}
setgid_group = {group}
myhostname = {name}
mydestination =
mynetworks =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = {folder}/log
maillog_file_prefixes = /tmp
default_transport = error:5.1.1 nobody here
smtpd_reject_unlisted_recipient = no
virtual_mailbox_domains = desk.test
virtual_mailbox_maps = static:box/
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
virtual_minimum_uid = 1
smtpd_tls_chain_files = {folder}/key.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = {name}
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtputf8_enable = yes
"""
MASTER = """
127.0.0.1:{starttls} inet n - n - - smtpd
127.0.0.1:{implicit} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
rewrite unix - - n - - trivial-rewrite
retry unix - - n - - error
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
SASL = """
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {folder}/sasldb
mech_list: {mechanisms}
"""


@frozen
class Postfix:
    """
    @ivar starttls: and implicit: ports of 127.0.0.1.
    @ivar ca_file: of the certificate for `NAME`.
    """

    folder: Path
    starttls: int
    implicit: int
    ca_file: str

    async def delivered(self) -> bytes:
        """The first message that arrives."""
        box = self.folder / "mail/box/new"
        await self._wait(lambda: box.exists() and any(box.iterdir()))
        return next(box.iterdir()).read_bytes()

    async def logged(self, text: str) -> None:
        await self._wait(lambda: text in self.log())

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    async def _wait(self, happened: Callable[[], bool]) -> None:
        waited = 0.0
        while not happened():
            assert waited < PATIENCE, f"it does not happen:\n{self.log()}"
            waited += 0.05
            await pause(0.05)


class _Process(ProcessProtocol):
    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()
        self.out = b""

    def outReceived(self, data: bytes) -> None:
        self.out += data

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


@asynccontextmanager
async def running(*mechanisms: str, main: str = "") -> AsyncIterator[Postfix]:
    """
    Postfix that knows `USER`, offers these mechanisms, and stops at the end.

    @param main: more lines of main.cf; the last of two counts.
    """
    master = program("master")
    with _folder() as folder:
        postfix = Postfix(folder, free_port(), free_port(), ca_file(folder))
        await _write(postfix, mechanisms, main)
        process = _Process()
        config = str(folder / "etc")
        env = {**os.environ, **postfix_env(), "MAIL_CONFIG": config}
        argv = [master, "-c", config, "-d"]
        transport = reactor.spawnProcess(process, master, argv, env=env)
        try:
            await postfix.logged("daemon started")
            yield postfix
        finally:
            with suppress(ProcessExitedAlready):
                transport.signalProcess("TERM")
            await process.ended


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that Postfix's users can enter; pytest's tmp_path is for root alone."""
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root and drops to its users: run as root")
    folder = Path(tempfile.mkdtemp(prefix="sc-postfix-"))
    try:
        folder.chmod(0o755)
        for name in ("etc/sasl", "queue/pid", "data", "mail"):
            (folder / name).mkdir(parents=True)
        shutil.chown(folder / "data", OWNER)
        shutil.chown(folder / "mail", TAKER)
        _make_queue(folder / "queue")
        yield folder
    finally:
        shutil.rmtree(folder)


def _make_queue(queue: Path) -> None:
    """As Postfix's own start script does."""
    for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold"):
        (queue / name).mkdir(mode=0o700)
    for name in ("incoming", "private", "saved", "trace"):
        (queue / name).mkdir(mode=0o700)
    for path in queue.iterdir():
        if path.name != "pid":
            shutil.chown(path, OWNER)
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        (queue / name).mkdir()
        shutil.chown(queue / name, OWNER, GROUP)
        (queue / name).chmod(mode)


async def _write(postfix: Postfix, mechanisms: tuple[str, ...], main: str) -> None:
    folder = postfix.folder
    (folder / "key.pem").write_bytes(issued(NAME))
    values = {
        "folder": folder,
        "root": PEERS / "postfix",
        "name": NAME,
        "owner": OWNER,
        "group": GROUP,
        "uid": (folder / "mail").stat().st_uid,
        "starttls": postfix.starttls,
        "implicit": postfix.implicit,
        "mechanisms": " ".join(mechanisms),
    }
    (folder / "etc/main.cf").write_text(MAIN.format(**values) + main)
    (folder / "etc/master.cf").write_text(MASTER.format(**values))
    (folder / "etc/sasl/smtpd.conf").write_text(SASL.format(**values))
    name, _, realm = USER.partition("@")
    argv = [program("saslpasswd2"), "-p", "-c", "-f", f"{folder}/sasldb", "-u", realm]
    made = await run([*argv, name], PASSWORD.encode())
    assert made.code == 0, made.err
    shutil.chown(folder / "sasldb", OWNER)
