"""`POST /scan` beside clamd and rspamd asked directly, in one run; and a scanner that
dies.

Run with `make bench`. Both are asked in turns, so that a busy machine is busy for both.
clamd is held on core 0, our daemon and the load generator on core 1; with rspamd
nothing is held, since at most two programs work at a time.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from bench import servers
from bench.client import (
    Ask,
    Figures,
    checkv2,
    idsession,
    instream,
    measure,
    message,
    scan,
)
from bench.place import Place
from tests.integration import engines

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
TURNS = 3
SIZES = {"5 KB": message(5_000), "200 KB": message(200_000)}
CLAMD, OURS = 0, 1
"""Their cores."""

CLEAN, PASSED = b"stream: OK", b'["OK"]'
ASKED = b'{"name": "rspamd", "pass": ["'
Ways: TypeAlias = Mapping[str, tuple[Callable[[], AbstractContextManager[Ask]], bytes]]
"""Clients, and what each of their answers holds."""

HEAD = f"{'asked':26} {'message':>7} {'c':>3} {'msg/s':>9} {'p50 ms':>9} {'p95 ms':>9}"


def alone(clamd: Place) -> str:
    """The scanners' part of a configuration with clamd and nothing else."""
    off = ("patterns", "headers", "links", "attachments", "spamassassin")
    scanners = "".join(f"  {name}: {{enabled: false}}\n" for name in off)
    return f"{scanners}  clamav: {{enabled: true, servers: ['{clamd}']}}\n"


def both(clamd: Place, rspamd: str) -> str:
    """clamd and rspamd, and nothing else."""
    return alone(clamd) + f"  rspamd: {{enabled: true, servers: ['{rspamd}']}}\n"


def three(clamd: Place, stub: Place) -> str:
    """`patterns`, clamd, and a spamd that can be made to hang."""
    return (
        "  headers: {enabled: false}\n  links: {enabled: false}\n"
        "  attachments: {enabled: false}\n  rspamd: {enabled: false}\n"
        f"  clamav: {{enabled: true, servers: ['{clamd}']}}\n"
        f"  spamassassin: {{enabled: true, servers: ['{stub}'], timeout: 2}}\n"
    )


def row(name: str, size: str, concurrency: int, turns: Sequence[Figures]) -> float:
    """Print the medians of all turns; returns that of the rates."""
    rate = statistics.median(figures.rate for figures in turns)
    p50 = statistics.median(figures.p50 for figures in turns)
    p95 = statistics.median(figures.p95 for figures in turns)
    figures = f"{rate:>9.1f} {p50:>9.2f} {p95:>9.2f}"
    print(f"{name:26} {size:>7} {concurrency:>3} {figures}", flush=True)
    return rate


def beside_clamd(clamd: Place, ours: Place) -> None:
    """Every size and concurrency, each way in turns; then what they compare to."""
    ways = {
        "clamd, a connection each": (partial(instream, clamd), CLEAN),
        "clamd, IDSESSION": (partial(idsession, clamd), CLEAN),
        "sc /scan": (partial(scan, ours), PASSED),
    }
    told = []
    for size, body in SIZES.items():
        for concurrency in (1, 8, 32):
            turns: dict[str, list[Figures]] = {name: [] for name in ways}
            cpu = {clamd: 0.0, ours: 0.0}
            for _ in range(TURNS):
                for name, (client, clean) in ways.items():
                    before = {place: place.cpu_seconds() for place in cpu}
                    figures = measure(client, body, concurrency, SECONDS, clean)
                    turns[name].append(figures)
                for place in cpu:  # Of the last way, which is ours.
                    cpu[place] += place.cpu_seconds() - before[place]
            direct, _, through = (row(n, size, concurrency, turns[n]) for n in ways)
            count = sum(figures.messages for figures in turns["sc /scan"])
            told.append(
                f"{size}, c={concurrency}: sc / clamd {through / direct:.0%};"
                f" CPU a message: clamd {1000 * cpu[clamd] / count:.2f} ms,"
                f" sc {1000 * cpu[ours] / count:.2f} ms"
            )
    print("\n".join(told))


def beside_both(ways: Ways, ours: Place) -> None:
    """
    One message at a time.

    @param ways: the last is ours, which asks the others at once.
    """
    told = []
    for size, body in SIZES.items():
        before = ours.cpu_seconds()
        turns = in_turns(ways, body, 1)
        spent = 1000 * (ours.cpu_seconds() - before)
        for name in ways:
            row(name, size, 1, turns[name])
        count = sum(figures.messages for figures in turns[name])
        *alone, through = (
            statistics.median(figures.p50 for figures in turns[name]) for name in ways
        )
        told.append(
            f"{size}: the slower one alone and {through - max(alone):.1f} ms,"
            f" of which {spent / count:.1f} ms are our processor time"
        )
    print("\n".join(told))


def one_of_three_dies(up: Place, dying: Place) -> None:
    """Two daemons, of which one has lost a scanner: one message finds it dead."""
    body = SIZES["5 KB"]
    with scan(dying) as ask:
        ask(servers.HANG + body)
    ways: Ways = {
        "three scanners": (partial(scan, up), PASSED),
        "one of them dead": (partial(scan, dying), PASSED),
    }
    for name, turns in in_turns(ways, body, 8).items():
        row(name, "5 KB", 8, turns)


def in_turns(ways: Ways, body: bytes, concurrency: int) -> dict[str, list[Figures]]:
    turns: dict[str, list[Figures]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, (client, clean) in ways.items():
            turns[name].append(measure(client, body, concurrency, SECONDS, clean))
    return turns


def with_clamd(folder: Path) -> None:
    with (
        servers.real_clamd(folder, CLAMD) as clamd,
        servers.daemon(folder, alone(clamd), OURS, "http") as ours,
    ):
        beside_clamd(clamd, ours)


def with_both(folder: Path) -> None:
    with (
        servers.real_clamd(folder, None) as clamd,
        engines.rspamd() as rspamd,
        servers.daemon(folder, both(clamd, rspamd.tcp), None, "http") as ours,
    ):
        host, _, port = rspamd.tcp.rpartition(":")
        asked = Place(host, int(port), 0)
        beside_both(
            {
                "clamd": (partial(instream, clamd), CLEAN),
                "rspamd": (partial(checkv2, asked), b'"action"'),
                "sc /scan, both": (partial(scan, ours), ASKED),
            },
            ours,
        )


def with_three(folder: Path) -> None:
    with (
        servers.real_clamd(folder, CLAMD) as clamd,
        servers.stub() as stub,
        servers.stub() as dying,
        servers.daemon(folder, three(clamd, stub), OURS, "http") as up,
        servers.daemon(folder, three(clamd, dying), OURS, "http") as other,
    ):
        one_of_three_dies(up, other)


def main() -> int:
    cores = os.sched_getaffinity(0)
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.sched_setaffinity(0, {OURS % len(cores)})
        with_clamd(folder)
        os.sched_setaffinity(0, cores)
        with_both(folder)
        os.sched_setaffinity(0, {OURS % len(cores)})
        with_three(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
