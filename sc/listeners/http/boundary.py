"""`trusted_boundary` of a request: whose Received fields its caller believes."""

from ipaddress import ip_network

from sc.listeners.http.errors import HttpError
from sc.model.complaint import IPNetwork
from sc.model.report import Boundary

MAX_ENTRIES = 100
MAX_NAME = 255


def boundary_of(value: object) -> Boundary:
    """
    @raise HttpError: 400, with the name of the field that is wrong.
    """
    if not isinstance(value, dict):
        raise HttpError(400, "trusted_boundary: must be an object")
    for key in value:
        if key not in ("name", "domain", "cidrs"):
            label = f"trusted_boundary.{key[:60]}"
            raise HttpError(400, f"{label}: there is no such field")
    return Boundary(
        names=tuple(map(_name, _texts(value, "name"))),
        domains=tuple(name.lstrip(".") for name in map(_name, _texts(value, "domain"))),
        cidrs=tuple(map(_network, _texts(value, "cidrs"))),
    )


def _texts(value: dict[str, object], key: str) -> list[str]:
    """A string is a list of one."""
    label, given = f"trusted_boundary.{key}", value.get(key)
    items = given if isinstance(given, list) else [] if given is None else [given]
    if len(items) > MAX_ENTRIES:
        raise HttpError(400, f"{label}: more than {MAX_ENTRIES} entries")
    texts = [item for item in items if isinstance(item, str) and item]
    if len(texts) != len(items):
        raise HttpError(400, f"{label}: must be a string or a list of strings")
    for text in texts:
        if len(text) > MAX_NAME or not text.isprintable() or " " in text:
            raise HttpError(400, f"{label}: not a {_KINDS[key]}")
    return texts


_KINDS = {"name": "host name", "domain": "domain", "cidrs": "network"}


def _name(text: str) -> str:
    return text.lower().rstrip(".")


def _network(text: str) -> IPNetwork:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise HttpError(400, "trusted_boundary.cidrs: not a network") from None
