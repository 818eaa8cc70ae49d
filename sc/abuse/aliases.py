"""Who gets a desk's reports in its place. Pure."""

from collections.abc import Mapping

from sc.abuse.matching import matches


class RingError(ValueError):
    """Following the aliases never ends."""


def final(address: str, aliases: Mapping[str, str]) -> str:
    """
    The recipient in the end; the address itself if nobody stands in its place.

    @raise RingError: the table has a ring; `check` finds them all.
    """
    passed = {address.lower()}
    while True:
        target = next(matches(address, aliases), address)
        if target.lower() == address.lower():
            return address
        if target.lower() in passed:
            raise RingError(f"{target} stands in its own place, by way of others")
        passed.add(target.lower())
        address = target


def check(aliases: Mapping[str, str]) -> None:
    """
    Every way through the table goes through one of its targets.

    @raise RingError: for some contact it never ends.
    """
    for target in aliases.values():
        final(target, aliases)
