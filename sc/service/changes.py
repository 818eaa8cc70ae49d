"""What a reload can use at once, and what needs a restart."""

import attrs

from sc.config.reference import options
from sc.config.schema import Config

AT_ONCE = (
    "access",
    "attached_links",
    "contacts",
    "health",
    "ignored_link_hosts",
    "policy",
    "scanners",
    "trusted_boundary",
)
"""Sections that SIGHUP makes true; the others are held by sockets, threads, files."""

HELD = frozenset({"policy.quarantine_address"})
"""An option of these sections that the doors took with them."""


def adopted(old: Config, new: Config) -> Config:
    """What a running daemon has after the reload."""
    return attrs.evolve(old, **{name: getattr(new, name) for name in AT_ONCE})


def needs_restart(old: Config, new: Config) -> tuple[str, ...]:
    """The options that differ and that a running daemon cannot change."""
    before, after = _values(old), _values(new)
    return tuple(
        path
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
        and (path in HELD or path.partition(".")[0] not in AT_ONCE)
    )


def _values(config: Config) -> dict[str, str | None]:
    return {option.path: option.default for option in options(config)}
