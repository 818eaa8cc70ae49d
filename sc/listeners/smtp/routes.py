"""Which recipient gets what: the first route that matches."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from sc.listeners.smtp.settings import Do, Route


def choose(routes: Sequence[Route], recipient: str) -> Do:
    """What to do for a recipient; the address is compared without case."""
    address = recipient.lower()
    for route in routes:
        if fnmatchcase(address, route.recipient.lower()):
            return route.do
    return Do.FILTER
