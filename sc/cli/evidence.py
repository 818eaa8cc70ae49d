"""`scctl evidence`: relay and links of messages, without a daemon or the network."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from sc.abuse.evidence import EvidenceSettings, gather
from sc.attached.kinds import choose
from sc.attached.process import read_now
from sc.attached.settings import AttachedSettings
from sc.cli import exits
from sc.cli.asking import plain
from sc.cli.messages import Unreadable, read_messages
from sc.cli.progress import Progress, shows_progress
from sc.model.envelope import Envelope
from sc.model.evidence import Attached, Evidence, Link, Relay
from sc.model.message import Message
from sc.model.report import Boundary

_SETTINGS = EvidenceSettings()


def run(options: argparse.Namespace) -> int:
    """Every message is read; exit 65 if one of the inputs could not be."""
    try:
        attached = AttachedSettings(**dict.fromkeys(options.attached, True))
    except ValueError as e:  # A library is missing; it says which.
        print(f"scctl: --attached {e}", file=sys.stderr)
        return exits.USAGE
    boundary = Boundary(
        names=tuple(options.boundary_name),
        domains=tuple(options.boundary_domain),
        cidrs=tuple(options.boundary_cidr),
    )
    progress = Progress(sys.stderr, shown=shows_progress())
    code = exits.OK
    for found in read_messages(options.paths or ["-"]):
        if isinstance(found, Unreadable):
            progress.clear()
            print(f"scctl: {plain(found.name)}: {found.reason}", file=sys.stderr)
            code = exits.INPUT
            continue
        message = Message("", Envelope(), found.content)
        read = _attached(message, attached)
        told = as_json(found.name, gather(message, boundary, _SETTINGS, read))
        if options.json:
            print(json.dumps(told))
        else:
            print("\n".join(_lines(told)))
        progress.step()
    progress.clear()
    return code


def _attached(message: Message, settings: AttachedSettings) -> tuple[Attached, ...]:
    chosen, over = choose(message.content, settings.kinds, settings.parts)
    found = read_now(chosen, settings) if chosen else ()
    return found + tuple(Attached("", problem=warning) for warning in over)


def as_json(name: str, evidence: Evidence) -> dict[str, Any]:
    """One object a message; an unverified relay is none."""
    relay = next((r for r in evidence.relays if r.verified), None)
    skipped = (f"not to be reported: {evidence.skip}",) if evidence.skip else ()
    return {
        "file": name,
        "relay": _relay(relay) if relay else None,
        "links": [_link(link) for link in evidence.links],
        "warnings": [*evidence.warnings, *skipped],
    }


def _relay(relay: Relay) -> dict[str, str | None]:
    return {
        "ip": str(relay.ip),
        "helo": relay.helo,
        "rdns": relay.rdns,
        "by": relay.by,
        "date": relay.date.isoformat() if relay.date else None,
        "header": relay.header,
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "url": link.url,
        "host": link.host,
        "role": link.role.value,
        "chain": list(link.chain),
        **({"part": link.part} if link.part else {}),
    }


def _lines(told: dict[str, Any]) -> Iterator[str]:
    """A block for people; what a stranger wrote cannot move their cursor."""
    yield plain(told["file"])
    relay = told["relay"]
    if relay:
        names = [f"{key} {relay[key]}" for key in ("rdns", "helo", "by") if relay[key]]
        when = [f"at {relay['date']}"] if relay["date"] else []
        yield plain(f"  relay    {', '.join([relay['ip'], *names, *when])}")
    else:
        yield "  relay    none"
    for link in told["links"]:
        yield plain(f"  link     {link['url']} ({link['role']})")
        for outer in link["chain"]:
            yield plain(f"             in {outer}")
        if "part" in link:
            yield plain(f"             attached as {link['part']}")
    for warning in told["warnings"]:
        yield plain(f"  warning  {warning}")
