"""Real OpenDKIM and OpenDMARC, each on a port of 127.0.0.1, without DNS."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sc.wire.milter_client import MilterClient
from tests.integration import engines
from tests.programs import PEERS, program

_PING, _PONG = MilterClient(None).opening(), b"O\0\0\0"


@contextmanager
def opendkim(keys: Mapping[str, str]) -> Iterator[engines.Engine]:
    """@param keys: name in DNS to the record that is published there."""
    with engines._folder() as folder:
        lines = [f"{name} {record}\n" for name, record in keys.items()]
        (folder / "keys").write_text("".join(lines))
        settings = {"Mode": "v", "TestPublicKeys": folder / "keys"}
        settings |= {"AlwaysAddARHeader": "yes", "AuthservID": "mx.example.net"}
        with _running(program("opendkim"), folder, settings) as engine:
            yield engine


@contextmanager
def opendmarc() -> Iterator[engines.Engine]:
    """It refuses what has no author, which it can tell without DNS."""
    libraries = PEERS / "opendmarc/usr/lib"
    paths = ":".join(str(p.parent) for p in libraries.rglob("libopendmarc.so.2"))
    with engines._folder() as folder:
        settings = {"RequiredHeaders": "true", "AuthservID": "mx.example.net"}
        argv = f"LD_LIBRARY_PATH={paths}", program("opendmarc")
        with _running("/usr/bin/env", folder, settings, *argv) as engine:
            yield engine


@contextmanager
def _running(
    path: str, folder: Path, settings: Mapping[str, object], *first: str
) -> Iterator[engines.Engine]:
    engine = engines._engine(folder)
    port = engine.tcp.rpartition(":")[2]
    told = {**settings, "Socket": f"inet:{port}@127.0.0.1", "Syslog": "no"}
    told["PidFile"] = folder / "pid"
    text = "".join(f"{key} {value}\n" for key, value in told.items())
    (folder / "conf").write_text(text)
    argv = [path, *first, "-f", "-c" if first else "-x", str(folder / "conf")]
    with engines._running(argv, folder, engine, _PING, _PONG):
        yield engine
