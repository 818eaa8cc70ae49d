"""What we find in real mail beside two independent readers; every difference printed.

Run with `make bench CORPUS=folder`. `OWN_NAMES` and `OWN_NETWORKS` are the hosts that
received that mail, by name and by address, as `trusted_boundary` would list them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from attrs import frozen

from bench import second_reader
from sc.abuse.evidence import EvidenceSettings, gather
from sc.cli.messages import Found, read_messages
from sc.content.addresses import is_public
from sc.content.links import NEVER
from sc.content.urls import canonical, within
from sc.model.envelope import Envelope
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.model.report import Boundary

CORPUS = os.environ.get("CORPUS", "")
OWN_NAMES = tuple(os.environ.get("OWN_NAMES", "").split())
OWN_NETWORKS = tuple(os.environ.get("OWN_NETWORKS", "").split())
PEER = Path(__file__).with_name("findings.pl")


@frozen
class Handover:
    """@ivar ours: None if we say that we do not know."""

    ours: str | None
    theirs: str | None

    @property
    def outcome(self) -> str:
        if self.theirs is None or not is_public(ip_address(self.theirs)):
            return "not known independently"
        if self.ours is None:
            return "unknown"
        return "right" if self.ours == self.theirs else "wrong"


def spamassassin(found: Iterable[Found]) -> list[dict[str, Any]]:
    """@raise subprocess.CalledProcessError: it is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, message in enumerate(found):
            paths.append(Path(folder, str(number)))
            paths[-1].write_bytes(message.content)
        done = subprocess.run(
            ["perl", str(PEER), *OWN_NETWORKS],
            input="\n".join(map(str, paths)).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


def handover(content: bytes, theirs: str | None) -> Handover:
    networks = tuple(map(ip_network, OWN_NETWORKS))
    boundary = Boundary(names=OWN_NAMES, cidrs=networks)
    evidence = gather(Message("", Envelope(), content), boundary, EvidenceSettings())
    relay = evidence.relays[0] if evidence.relays else None
    return Handover(str(relay.ip) if relay else None, theirs)


def our_hosts(evidence: Evidence) -> set[str]:
    """Also those that only lead to another."""
    chains = (canonical(url) for link in evidence.links for url in link.chain)
    return {link.host for link in evidence.links} | {url.host for url in chains if url}


def agreed(content: bytes, theirs: Iterable[str]) -> set[str]:
    """Both name it, as a browser writes it; and it is one to complain about."""
    names = {h.rstrip(".") for h in theirs} & second_reader.hosts(content)
    urls = (canonical(f"http://{name}/") for name in names)
    hosts = {url.host for url in urls if url}
    return {h for h in hosts if not any(within(h, never) for never in NEVER)}


def main() -> int:
    found = [f for f in read_messages([CORPUS]) if isinstance(f, Found)]
    if not CORPUS or not found:
        print("recall: no CORPUS, nothing to compare")
        return 0
    outcomes: Counter[str] = Counter()
    known, missed, never = 0, 0, 0
    for message, theirs in zip(found, spamassassin(found), strict=True):
        content = message.content
        evidence = gather(
            Message("", Envelope(), content), Boundary(), EvidenceSettings()
        )
        ours, both = our_hosts(evidence), agreed(content, theirs["hosts"])
        known, missed = known + len(both), missed + len(both - ours)
        never += sum(any(within(h, n) for n in NEVER) for h in ours)
        for host in sorted(both - ours):
            print(f"missed: {host} in {message.name}")
        if OWN_NAMES:
            relay = handover(content, theirs["ip"])
            outcomes[relay.outcome] += 1
            if relay.outcome in ("wrong", "unknown"):
                print(
                    f"{relay.outcome}: {relay.theirs} in {message.name}: {relay.ours}"
                )
    print(f"{len(found)} messages; hosts on which two agree: {known}, missed: {missed}")
    print(f"hosts of the list that never counts: {never}")
    for outcome, count in outcomes.most_common():
        print(f"relay {outcome}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
