"""A thousand addresses in fifty networks, and registries that take 200 ms to answer.

Run with `python -m bench.contacts`; no network is needed. What counts is how often
the registries are asked: once for each network.
"""

import sys
from ipaddress import ip_address
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 a program of its own
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import react

from sc.abuse.bootstrap import Bootstrap
from sc.abuse.contact_settings import ContactSettings
from sc.abuse.contact_sources import Outside, build_finder
from tests.fakes import rdap
from tests.fakes.contacts import FakeHops, FakeNames, FakeWhois, Steady

CLOCK = cast(IReactorTime, reactor)
DELAY = 0.2
BLOCKS = ("41.0", "58.0", "23.0", "193.0", "200.0")
"""One of each registry."""

NETWORKS = [f"{block}.{n}.0/24" for block in BLOCKS for n in range(10)]
HOSTS = 20


async def _run() -> int:
    answers = {
        n: rdap.apnic(n, f"abuse@net{i}.example") for i, n in enumerate(NETWORKS)
    }
    hops = FakeHops(cast(Any, CLOCK), answers, seconds=DELAY)
    outside = Outside(
        hops=hops,
        resolver=FakeNames(),
        whois=FakeWhois(),
        clock=CLOCK,
        random=Steady(),
        bootstrap=Bootstrap.shipped(),
    )
    finder = build_finder(ContactSettings(rate=1000.0, burst=1000), outside)
    ips = [
        ip_address(network.replace(".0/24", f".{host}"))
        for host in range(1, HOSTS + 1)
        for network in NETWORKS
    ]
    begun = CLOCK.seconds()
    finding = [Deferred.fromCoroutine(finder.find(ip)) for ip in ips]
    found = await gatherResults(finding, consumeErrors=True)
    seconds = CLOCK.seconds() - begun
    desks = len({contact.address for contact in found})
    print(
        f"{len(ips)} addresses, {len(NETWORKS)} networks, {DELAY * 1000:.0f} ms each:"
        f" {len(hops.urls)} lookups, {desks} desks, {seconds:.2f} s"
    )
    return 0 if len(hops.urls) == desks == len(NETWORKS) else 1


def main() -> None:
    async def run(_: object) -> None:
        sys.exit(await _run())

    react(lambda r: Deferred.fromCoroutine(run(r)), [])


if __name__ == "__main__":
    main()
