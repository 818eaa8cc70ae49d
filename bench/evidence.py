"""Relay and links of real messages, beside SpamAssassin's own parser, in one run.

`make bench CORPUS=folder`, or without a corpus made-up newsletters. Both run on one
core, one after the other, on the same octets, without any network. Figures are CPU
time, since a shared machine lends its cores elsewhere.
"""

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attrs import frozen

from bench.letters import from_folder, made_up
from sc.abuse.evidence import EvidenceSettings, gather
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.report import Boundary

CORPUS = os.environ.get("CORPUS", "")
SIZES = os.environ.get("CORPUS_SIZES", "0-100000000")
ROUNDS = 3
PARSER = Path(__file__).with_name("relays_and_uris.pl")


@frozen
class Figures:
    """
    @ivar seconds: CPU time of all messages.
    @ivar slowest: of the slowest one.
    """

    count: int
    seconds: float
    slowest: float
    relays: int
    links: int

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.count / self.seconds


def ours(contents: list[bytes]) -> Figures:
    """One pass."""
    boundary, settings = Boundary(), EvidenceSettings()
    slowest = 0.0
    relays = links = 0
    gc.collect()
    start = time.process_time()
    for content in contents:
        begin = time.process_time()
        evidence = gather(Message("", Envelope(), content), boundary, settings)
        slowest = max(slowest, time.process_time() - begin)
        relays += len(evidence.relays)
        links += len(evidence.links)
    seconds = time.process_time() - start
    return Figures(len(contents), seconds, slowest, relays, links)


def spamassassin(contents: list[bytes], folder: Path) -> Figures:
    """
    One pass of Mail::SpamAssassin over the same octets.

    @raise subprocess.CalledProcessError: it is not installed.
    """
    names = []
    for number, content in enumerate(contents):
        path = folder / str(number)
        path.write_bytes(content)
        names.append(str(path))
    done = subprocess.run(
        ["perl", str(PARSER)],
        input="\n".join(names).encode(),
        capture_output=True,
        check=True,
    )
    count, seconds, slowest, relays, uris = done.stdout.split()
    return Figures(int(count), float(seconds), float(slowest), int(relays), int(uris))


def show(name: str, figures: Figures) -> None:
    print(
        f"{name:14} {figures.rate:>9.0f} {1000 * figures.slowest:>10.1f}"
        f" {figures.relays:>8} {figures.links:>8}",
        flush=True,
    )


def main() -> int:
    os.sched_setaffinity(0, {0})
    contents = from_folder(CORPUS, SIZES) if CORPUS else list(made_up(300))
    if not contents:
        print(f"no messages in {CORPUS}", file=sys.stderr)
        return 1
    median = statistics.median(map(len, contents))
    print(f"{len(contents)} messages, median {median / 1000:.1f} KB, one core")
    print(f"{'':14} {'msg/s':>9} {'slowest ms':>10} {'relays':>8} {'links':>8}")
    best = min((ours(contents) for _ in range(ROUNDS)), key=lambda f: f.seconds)
    show("sc", best)
    with tempfile.TemporaryDirectory() as name:
        peer = spamassassin(contents, Path(name))
    show("SpamAssassin", peer)
    print(f"sc / SpamAssassin: {best.rate / peer.rate:.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
