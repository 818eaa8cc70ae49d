"""Real clamd, spamd, rspamd, c-icap, Redis and the like, each in a folder of its own.

They listen on a free port of 127.0.0.1 and on a UNIX socket. clamd's database holds
nothing but EICAR and a marker, so that no download is needed.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from tests.integration.daemon import free_port
from tests.programs import program

MARKER = b"SC-TEST-MALWARE-MARKER-9d1f6c0e"
"""clamd finds it as SC-Test-Marker: for mails that must not contain EICAR."""

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" + b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

RSPAMD_ASKS = (
    "arc",
    "asn",
    "dkim",
    "dkim_signing",
    "dmarc",
    "fuzzy_check",
    "greylist",
    "hfilter",
    "history_redis",
    "mx_check",
    "neural",
    "phishing",
    "ratelimit",
    "rbl",
    "replies",
    "reputation",
    "rspamd_update",
    "spf",
    "url_redirector",
)
"""Its modules that would ask the network or Redis."""
RSPAMD_OPTIONS = """
disable_hyperscan = true;
dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }
"""
"""Nothing is compiled in the background, and a name server refuses at once."""

TRIES = 1200
PAUSE = 0.1
"""Two minutes in all: a cold spamd compiles its rules for some seconds."""


@frozen
class Engine:
    """
    @ivar tcp: "127.0.0.1:port".
    @ivar unix: the path of its socket.
    """

    tcp: str
    unix: str


@contextmanager
def clamd(stream_max: str = "25M") -> Iterator[Engine]:
    """Start clamd; it is gone when the block ends."""
    with _folder() as folder:
        engine = _engine(folder)
        database = folder / "db"
        database.mkdir()
        lines = [
            f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n",
            f"SC-Test-Marker:0:*:{MARKER.hex()}\n",
        ]
        (database / "sc-test.ndb").write_text("".join(lines))
        settings = {
            "Foreground": "true",
            "DatabaseDirectory": database,
            "LocalSocket": engine.unix,
            "LocalSocketMode": "666",
            "TCPSocket": engine.tcp.rpartition(":")[2],
            "TCPAddr": "127.0.0.1",
            "StreamMaxLength": stream_max,
            "TemporaryDirectory": folder,
        }
        text = "".join(f"{key} {value}\n" for key, value in settings.items())
        (folder / "clamd.conf").write_text(text)
        argv = [program("clamd"), f"--config-file={folder / 'clamd.conf'}"]
        with _running(argv, folder, engine, b"zPING\0", b"PONG"):
            yield engine


@contextmanager
def spamd(children: int = 2) -> Iterator[Engine]:
    """Start spamd without network rules; it is gone when the block ends."""
    with _folder() as folder:
        engine = _engine(folder)
        argv = [
            *(program("spamd"), "-L", "-x", "-m", str(children)),
            *("-H", str(folder), "--syslog", str(folder / "spamd.log")),
            *("--listen", engine.tcp, "--listen", engine.unix, "-A", "127.0.0.1"),
            *("--socketmode", "0666"),
            *("--cf", "use_bayes 0", "--cf", "bayes_auto_learn 0"),
        ]
        if os.getuid() == 0:
            # As root spamd would scan as "nobody", who may not enter the folder.
            folder.chmod(0o755)
            argv += ["-u", "nobody", "--socketowner", "root"]
        with _running(argv, folder, engine, b"PING SPAMC/1.5\r\n\r\n", b"PONG"):
            yield engine


@contextmanager
def rspamd() -> Iterator[Engine]:
    """Start rspamd, on TCP alone and without network rules, as long as the block."""
    with _folder() as folder:
        engine, control = _engine(folder), free_port()
        override = folder / "override.d"
        override.mkdir()
        settings = {
            "worker-normal.inc": f'bind_socket = "{engine.tcp}";\ncount = 1;\n',
            "worker-controller.inc": f'bind_socket = "127.0.0.1:{control}";\n',
            "worker-proxy.inc": "enabled = false;\n",
            "options.inc": f'url_tld = "{folder}/tld";\n{RSPAMD_OPTIONS}',
            "logging.inc": 'type = "console";\nlevel = "warning";\n',
            **{f"{name}.conf": "enabled = false;\n" for name in RSPAMD_ASKS},
        }
        # Its own list of thousands of suffixes takes it half a minute.
        (folder / "tld").write_text("org\ncom\nnet\n")
        for name, text in settings.items():
            (override / name).write_text(text)
        argv = [program("rspamd"), "-f", "-c", "/etc/rspamd/rspamd.conf"]
        if os.getuid() == 0:
            folder.chmod(0o777)
            argv += ["-u", "_rspamd", "-g", "_rspamd"]
        for key in ("LOCAL_CONFDIR", "DBDIR", "RUNDIR", "LOGDIR"):
            argv.append(f"--var={key}={folder}")
        ping = b"GET /ping HTTP/1.0\r\n\r\n"
        with _running(argv, folder, engine, ping, b"200 OK"):
            yield engine


@contextmanager
def maildmarc(dns: str) -> Iterator[Engine]:
    """
    Start Mail::DMARC's HTTP service; it is gone when the block ends.

    Its `dmarc_httpd` would listen on every address, and Debian does not have it.

    @param dns: where it asks DNS, "127.0.0.1:port".
    """
    with _folder() as folder:
        engine = _engine(folder)
        host, _, port = engine.tcp.rpartition(":")
        # The server empties the environment, from which the resolver reads once, and
        # CGI.pm repeats the first request of a process: each one gets its own.
        script = (
            "Net::DNS::Resolver->new; Net::Server::HTTP->run("
            "app => sub { Mail::DMARC::HTTP::dmarc_dispatch(@_) },"
            f" host => '{host}', port => [{port}], ipv => 4,"
            " server_type => ['Fork']);"
        )
        server, _, number = dns.rpartition(":")
        env = {"RES_NAMESERVERS": server, "RES_OPTIONS": f"port:{number}"}
        program("dmarc_lookup"), program("net-server")  # of the two packages
        argv = [program("perl"), "-MMail::DMARC::HTTP", "-e", script]
        ping = b"POST /dmarc/json/validate HTTP/1.0\r\n\r\n"
        with _running(argv, folder, engine, ping, b"200 OK", env):
            yield engine


@contextmanager
def c_icap(clamd: Engine) -> Iterator[Engine]:
    """Start c-icap with its services avscan, over clamd, and echo, on TCP alone."""
    with _folder() as folder:
        engine = _engine(folder)
        modules = next(Path("/usr/lib").glob("*/c_icap"), folder)
        host, _, port = clamd.tcp.rpartition(":")
        lines = (
            f"PidFile {folder}/pid",
            f"CommandsSocket {folder}/ctl",
            *("StartServers 1", "MaxServers 1", "ThreadsPerChild 6"),
            f"Port {engine.tcp}",
            f"TmpDir {folder}",
            f"ModulesDir {modules}",
            f"ServicesDir {modules}",
            "TemplateDir /usr/share/c_icap/templates/",
            "LoadMagicFile /etc/c-icap/c-icap.magic",
            f"ServerLog {folder}/server.log",
            f"AccessLog {folder}/access.log",
            "Service echo srv_echo.so",
            "Service avscan virus_scan.so",
            "virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE",
            "virus_scan.MaxObjectSize 25M",
            "virus_scan.StartSendPercentDataAfter 25M",
            "virus_scan.DefaultEngine clamd",
            "Module common clamd_mod.so",
            f"clamd_mod.ClamdHost {host}",
            f"clamd_mod.ClamdPort {port}",
        )
        (folder / "c-icap.conf").write_text("".join(f"{line}\n" for line in lines))
        argv = [program("c-icap"), "-N", "-D", "-f", str(folder / "c-icap.conf")]
        ping = b"OPTIONS icap://127.0.0.1/avscan ICAP/1.0\r\nHost: x\r\n\r\n"
        with _running(argv, folder, engine, ping, b"ICAP/1.0 200 OK"):
            yield engine


@contextmanager
def redis(*options: str, port: int | None = None) -> Iterator[Engine]:
    """Start Redis, which keeps nothing on the disk; it is gone when the block ends."""
    with _folder() as folder:
        engine = _engine(folder, port)
        argv = [
            *(program("redis-server"), "--bind", "127.0.0.1"),
            *("--port", engine.tcp.rpartition(":")[2], "--unixsocket", engine.unix),
            *("--save", "", "--appendonly", "no", "--dir", str(folder), *options),
        ]
        # With a password it answers a PING, too: that it wants one.
        with _running(argv, folder, engine, b"PING\r\n", b"\r\n"):
            yield engine


@contextmanager
def memcached(*options: str) -> Iterator[Engine]:
    """Start memcached, on TCP alone; it is gone when the block ends."""
    with _folder() as folder:
        engine = _engine(folder)
        argv = [
            *(program("memcached"), "-l", "127.0.0.1", "-U", "0"),
            *("-p", engine.tcp.rpartition(":")[2], "-u", "nobody", *options),
        ]
        with _running(argv, folder, engine, b"version\r\n", b"VERSION"):
            yield engine


@contextmanager
def _folder() -> Iterator[Path]:
    # Not pytest's tmp_path: its name may be longer than a UNIX socket's path.
    folder = Path(tempfile.mkdtemp(prefix="sc-engine-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _engine(folder: Path, port: int | None = None) -> Engine:
    return Engine(f"127.0.0.1:{port or free_port()}", str(folder / "socket"))


@contextmanager
def _running(
    argv: Sequence[str],
    folder: Path,
    engine: Engine,
    ping: bytes,
    pong: bytes,
    env: Mapping[str, str] | None = None,
) -> Iterator[None]:
    with (folder / "output").open("wb") as output:
        told = {**os.environ, **(env or {})}
        process = subprocess.Popen(
            argv, stdout=output, stderr=output, cwd=folder, env=told
        )
        try:
            _wait(process, engine, ping, pong, folder)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait(
    process: subprocess.Popen[bytes],
    engine: Engine,
    ping: bytes,
    pong: bytes,
    folder: Path,
) -> None:
    for _ in range(TRIES):
        if _answers(engine, ping, pong):
            return
        if process.poll() is not None:
            break
        time.sleep(PAUSE)
    output = (folder / "output").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{process.args!r} does not answer: {output}")


def _answers(engine: Engine, ping: bytes, pong: bytes) -> bool:
    host, _, port = engine.tcp.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), 2) as peer:
            peer.sendall(ping)
            return pong in peer.recv(100)
    except OSError:
        return False
