"""The scanners that a request asks for: `X-SC-Scanners`, or JSON's `scanners`."""

from collections.abc import Iterable

from sc.listeners.http.door import Door
from sc.listeners.http.errors import HttpError
from sc.listeners.http.message import values_of
from sc.listeners.http.request import HttpRequest

FIELD = "X-SC-Scanners"
MEMBER = "scanners"


def from_header(door: Door, request: HttpRequest) -> frozenset[str] | None:
    """
    None: the client leaves the choice to us.

    @raise HttpError: 400 for a name that is no scanner.
    """
    values = values_of(request, FIELD)
    if not values:
        return None
    return _known(door, (name for v in values for name in v.split(",")), FIELD)


def from_json(door: Door, value: object) -> frozenset[str]:
    """
    @raise HttpError: 400 for what is no list of scanners.
    """
    if not isinstance(value, list) or not all(isinstance(n, str) for n in value):
        raise HttpError(400, f"{MEMBER}: must be a list of names")
    return _known(door, value, MEMBER)


def _known(door: Door, names: Iterable[str], label: str) -> frozenset[str]:
    """No scanner at all can hardly be meant."""
    known = {status.name for status in door.statuses()}
    wanted = {name.strip().lower() for name in names} - {""}
    for name in sorted(wanted - known):
        raise HttpError(400, f"{label}: {name[:60]!a} is no scanner")
    if not wanted:
        raise HttpError(400, f"{label}: names no scanner")
    return frozenset(wanted)
