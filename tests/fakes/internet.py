"""The part of the internet that the README's examples are about, on this host.

    python -m tests.fakes.internet --dns 5553 --rdap 5554

Prints one line when it answers. `sc.yaml` to go with it:

    resolver: {servers: ["127.0.0.1:5553"], destinations: any}
    contacts: {rdap_bases: {"*": "http://127.0.0.1:5554/"}}
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 a program of its own

from tests.fakes.dns import Zone, start_dns
from tests.fakes.rdap import Object, apnic, arin, registro_br, ripe, start_rdap

ZONE: Zone = {
    "spamvertised.example": ["203.0.113.80"],
    "www.spamvertised.example": "spamvertised.example",
    "relay.transit.example": ["198.51.100.7"],
    "six.example": ["2001:db8:6::80"],
    "silent.example": ["200.160.0.8"],
    "short.example": ["127.0.0.1"],
}
"""Hosts of links, and the relay."""

NETWORKS: dict[str, Object | bytes] = {
    "11.22.33.0/24": arin("11.22.33.0/24", "abuse@transit.example"),
    "198.51.100.0/24": arin("198.51.100.0/24", "abuse@transit.example"),
    "203.0.113.0/24": apnic("203.0.113.0/24", "abuse@hosting.example"),
    "2001:db8::/32": ripe("2001:db8::/32", "abuse@six.example"),
    "200.160.0.0/20": registro_br("200.160.0.0/20"),
}
"""Who answers for them; the last one has no mailbox."""


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="tests.fakes.internet")
    parser.add_argument("--dns", type=int, default=0, help="port, 0 for a free one")
    parser.add_argument("--rdap", type=int, default=0, help="port, 0 for a free one")
    options = parser.parse_args(arguments)
    dns = start_dns(ZONE, options.dns)
    rdap = start_rdap(NETWORKS, options.rdap)
    print(f"ready: dns {dns.address} rdap http://127.0.0.1:{rdap}/", flush=True)
    cast(Any, reactor).run()


if __name__ == "__main__":
    main(sys.argv[1:])
