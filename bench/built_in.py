"""What a message costs with the scanners that need no server; and one seen before.

Run with `make bench`. Our daemons are held on core 0, the name server and the load
generator on core 1. The daemons take turns; DNS is warm after the first message.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from attrs import frozen

from bench import servers
from bench.client import Figures, measure, scan
from bench.place import Place
from bench.sender import DNSBL, FIELDS, URIBL, letter, zone

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
TURNS = 5
LETTER = letter(20_000)

SERVED = ("clamav", "spamassassin", "rspamd")
CONTENT = ("patterns", "headers", "links", "attachments")
SENDER = ("spf", "dkim", "arc", "dmarc")
LISTS = {"dnsbl": DNSBL, "uribl": URIBL}
COLUMNS = ("msg/s", "p50 ms", "p95 ms", "CPU ms", "least")
HEAD = f"{'scanners':26} " + " ".join(f"{column:>8}" for column in COLUMNS)


@frozen
class Way:
    """
    @ivar expected: what an answer holds when all of them have looked.
    @ivar again: the same message each time, and the verdict cache on.
    """

    scanners: tuple[str, ...]
    expected: bytes = b'{"name": "dmarc", "pass": ["pass"]'
    again: bool = False

    def config(self, dns: Place) -> tuple[str, str]:
        """The scanners' part of a configuration, and the rest."""
        off = (name for name in (*SERVED, *CONTENT) if name not in self.scanners)
        lines = [f"  {name}: {{enabled: false}}\n" for name in off]
        for name in self.scanners:
            zones = f", zones: [{{zone: {LISTS[name]}}}]" if name in LISTS else ""
            lines.append(f"  {name}: {{enabled: true{zones}}}\n")
        cache = f"verdict_cache: {{enabled: {str(self.again).lower()}}}\n"
        return "".join(lines), f"resolver: {{servers: ['{dns}']}}\n{cache}"


TEN = (*CONTENT, *SENDER, *LISTS)
WAYS = {
    "none": Way((), b"200 OK"),
    "the four of a new site": Way(CONTENT, b'{"name": "links", "pass": ["OK"]'),
    "all ten": Way(TEN),
    "all ten, seen before": Way(TEN, again=True),
}


def row(name: str, turns: list[tuple[Figures, float]]) -> None:
    """Print the medians of all turns, and the least time, which nobody disturbed."""
    columns = zip(*((f.rate, f.p50, f.p95, cpu) for f, cpu in turns), strict=True)
    rate, p50, p95, cpu = map(statistics.median, columns)
    least = min(cpu for _, cpu in turns)
    figures = f"{rate:>8.1f} {p50:>8.2f} {p95:>8.2f} {cpu:>8.2f} {least:>8.2f}"
    print(f"{name:26} {figures}", flush=True)


def turn(way: Way, place: Place, seconds: float) -> tuple[Figures, float]:
    """One connection; with the milliseconds of our processor time for a message."""
    client = partial(scan, place, FIELDS)
    before = place.cpu_seconds()
    figures = measure(client, LETTER, 1, seconds, way.expected, unique=not way.again)
    return figures, 1000 * (place.cpu_seconds() - before) / figures.messages


def compare(places: Mapping[str, Place]) -> None:
    turns: dict[str, list[tuple[Figures, float]]] = {name: [] for name in places}
    for name, place in places.items():
        turn(WAYS[name], place, 0.5)
    for _ in range(TURNS):
        for name, place in places.items():
            turns[name].append(turn(WAYS[name], place, SECONDS))
    print(f"{len(LETTER)} octets, one connection\n{HEAD}")
    for name in places:
        row(name, turns[name])


def main() -> int:
    os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        dns = stack.enter_context(servers.names(zone()))
        places = {}
        for name, way in WAYS.items():
            scanners, rest = way.config(dns)
            daemon = servers.daemon(folder, scanners, 0, "http", rest)
            places[name] = stack.enter_context(daemon)
        compare(places)
    return 0


if __name__ == "__main__":
    sys.exit(main())
