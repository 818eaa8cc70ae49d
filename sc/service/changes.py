"""What a reload can use at once, and what needs a restart."""

from typing import Any

import attrs

from sc.abuse.providers.settings import ProviderSettings
from sc.abuse.settings import AbuseReportSettings, AutomaticSettings
from sc.config.reference import options
from sc.config.schema import Config

AT_ONCE = (
    "abuse_report",
    "access",
    "attached_links",
    "contacts",
    "greylist",
    "health",
    "history",
    "ignored_link_hosts",
    "limits",
    "lists",
    "outbound",
    "outbreak",
    "policy",
    "scanners",
    "shorteners",
    "trusted_boundary",
    "url_shorteners_to_follow",
    "verdict_cache",
)
"""Sections that SIGHUP makes true; the others are held by sockets, threads, files."""

HELD = (
    "abuse_report.bounces",
    "abuse_report.dkim",
    "abuse_report.from",
    "abuse_report.smtp",
    "policy.quarantine_address",
)
"""Options of these sections that doors, sender, signer and desks hold."""


def adopted(old: Config, new: Config) -> Config:
    """What a running daemon has after the reload."""
    sections = {name: getattr(new, name) for name in AT_ONCE}
    sections["abuse_report"] = _with_relay_of(old.abuse_report, new.abuse_report)
    return attrs.evolve(old, **sections)


def _with_relay_of(
    old: AbuseReportSettings, new: AbuseReportSettings
) -> AbuseReportSettings:
    """The sender keeps its relay, the mailbox that it knows, and its keys."""
    held: dict[str, Any] = {
        "bounces": old.bounces,
        "dkim": old.dkim,
        "from_": old.from_,
        "smtp": old.smtp,
    }
    try:
        return attrs.evolve(new, **held)
    except ValueError:  # What needs a mailbox and a relay, which a restart brings.
        held |= {"on": AutomaticSettings(), "providers": ProviderSettings()}
        return attrs.evolve(new, **held)


def needs_restart(old: Config, new: Config) -> tuple[str, ...]:
    """The options that differ and that a running daemon cannot change."""
    before, after = _values(old), _values(new)
    return tuple(
        path
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
        and (_is_held(path) or path.partition(".")[0] not in AT_ONCE)
    )


def _is_held(path: str) -> bool:
    return any(path == held or path.startswith(f"{held}.") for held in HELD)


def _values(config: Config) -> dict[str, str | None]:
    return {option.path: option.default for option in options(config)}
