"""Outbreaks of our own users, for `scctl incidents`."""

from attrs import asdict

from sc.listeners.http.door import Incidents
from sc.listeners.http.errors import HttpError
from sc.listeners.http.outbox_api import Query, limit_of
from sc.listeners.http.shapes import Json

MAX_ID = 100


async def listed(incidents: Incidents, query: Query) -> Json:
    """
    The open ones first; times are seconds since 1970.

    @raise HttpError: 400 for a wrong `limit` or `state`.
    """
    state = query.get(b"state", [b"all"])
    if state not in ([b"open"], [b"all"]):
        raise HttpError(400, "state: open or all")
    found = await incidents.list(limit_of(query), only_open=state == [b"open"])
    return {"incidents": [asdict(incident) for incident in found]}


async def shown(incidents: Incidents, incident_id: str) -> Json:
    return asdict(await incidents.get(_id(incident_id)))


async def closed(incidents: Incidents, incident_id: str, by: str) -> Json:
    """@param by: who asks for it."""
    return asdict(await incidents.close(_id(incident_id), by))


def _id(text: str) -> str:
    if len(text) > MAX_ID or not text.isprintable():
        raise HttpError(404, "there is no such incident")
    return text
