"""What became of the reports to each desk, for `scctl desks`."""

from attrs import asdict

from sc.listeners.http.door import Desks
from sc.listeners.http.errors import HttpError
from sc.listeners.http.outbox_api import Query, limit_of
from sc.listeners.http.shapes import Json

MAX_ADDRESS = 320


async def listed(desks: Desks, query: Query) -> Json:
    """
    The latest changed first; times are seconds since 1970.

    @raise HttpError: 400 for a wrong `limit`.
    """
    return {"desks": [asdict(desk) for desk in await desks.list(limit_of(query))]}


async def revived(desks: Desks, address: str) -> Json:
    if len(address) > MAX_ADDRESS or not address.isprintable():
        raise HttpError(404, "there is no such desk")
    return asdict(await desks.revive(address))
