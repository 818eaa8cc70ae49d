"""CHECK side by side in one run: real spamd alone, us, and our overhead.

Run with `make bench`. Servers are held on core 0, the client and the stub on core 1.
"""

import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench import servers
from bench.client import Figures, check, measure, message
from bench.place import Place

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
SIZES = {"5 KB": message(5_000), "200 KB": message(200_000)}
BUILTINS = "  clamav: {enabled: false}\n  spamassassin: {enabled: false}\n"
HEAD = f"{'server':24} {'message':>7} {'c':>3} {'msg/s':>9} {'p50 ms':>9} {'p95 ms':>9}"


def in_front_of(stub: Place) -> str:
    return (
        "  clamav: {enabled: false}\n"
        f"  spamassassin: {{enabled: true, servers: ['{stub}']}}\n"
    )


def row(
    name: str, place: Place, expected: bytes = b"Spam: "
) -> dict[tuple[str, int], Figures]:
    """Print one server's figures for both sizes at both concurrencies."""
    client = partial(check, place)
    measure(client, SIZES["5 KB"], 1, 0.5, expected)
    figures: dict[tuple[str, int], Figures] = {}
    for size, body in SIZES.items():
        for concurrency in (1, 8):
            f = measure(client, body, concurrency, SECONDS, expected)
            figures[size, concurrency] = f
            print(
                f"{name:24} {size:>7} {concurrency:>3} {f.rate:>9.1f} {f.p50:>9.2f}"
                f" {f.p95:>9.2f}",
                flush=True,
            )
    return figures


def main() -> int:
    os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with servers.real_spamd(folder) as place:
            spamd = row("spamd alone", place)
        with servers.daemon(folder, BUILTINS) as place:
            ours = row("sc, built-ins only", place)
        with servers.stub() as stub:
            alone = row("stub spamd alone", stub)
            with servers.daemon(folder, in_front_of(stub)) as place:
                front = row("sc before the stub", place, servers.STUBBED)
    print()
    for size in SIZES:
        ratio = ours[size, 8].rate / spamd[size, 8].rate
        over = front[size, 1].p50 - alone[size, 1].p50
        print(
            f"{size}: sc / spamd at c=8: {ratio:.0f}x; overhead at c=1: {over:.2f} ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
