"""`POST /scan` beside clamd asked directly, in one run; and a scanner that dies.

Run with `make bench`. Both are asked in turns, so that a busy machine is busy for both.
clamd is held on core 0, our daemon and the load generator on core 1.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from bench import servers
from bench.client import Ask, Figures, idsession, instream, measure, message, scan
from bench.place import Place

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
TURNS = 3
SIZES = {"5 KB": message(5_000), "200 KB": message(200_000)}
CLAMD, OURS = 0, 1
"""Their cores."""

CLEAN, PASSED = b"stream: OK", b'["OK"]'
HEAD = f"{'asked':26} {'message':>7} {'c':>3} {'msg/s':>9} {'p50 ms':>9} {'p95 ms':>9}"


def alone(clamd: Place) -> str:
    """The scanners' part of a configuration with clamd and nothing else."""
    off = ("patterns", "headers", "links", "spamassassin")
    scanners = "".join(f"  {name}: {{enabled: false}}\n" for name in off)
    return f"{scanners}  clamav: {{enabled: true, servers: ['{clamd}']}}\n"


def three(clamd: Place, stub: Place) -> str:
    """`patterns`, clamd, and a spamd that can be made to hang."""
    return (
        "  headers: {enabled: false}\n  links: {enabled: false}\n"
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


def one_of_three_dies(client: Callable[[], AbstractContextManager[Ask]]) -> None:
    """The same load before and after; one message between them finds it dead."""
    body = SIZES["5 KB"]
    for name in ("three scanners", "one of them dead"):
        turns = [measure(client, body, 8, SECONDS, PASSED) for _ in range(TURNS)]
        row(name, "5 KB", 8, turns)
        with client() as ask:
            ask(servers.HANG + body)


def main() -> int:
    os.sched_setaffinity(0, {OURS % (os.cpu_count() or 1)})
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (
            servers.real_clamd(folder, CLAMD) as clamd,
            servers.daemon(folder, alone(clamd), OURS, "http") as ours,
        ):
            beside_clamd(clamd, ours)
        with (
            servers.real_clamd(folder, CLAMD) as clamd,
            servers.stub() as stub,
            servers.daemon(folder, three(clamd, stub), OURS, "http") as ours,
        ):
            one_of_three_dies(partial(scan, ours))
    return 0


if __name__ == "__main__":
    sys.exit(main())
