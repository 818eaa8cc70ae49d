"""Home and Status: is it alive, and who looks at the mail."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from twisted.web.iweb import IRequest
from twisted.web.template import Tag, renderer

from sc.listeners.http.door import Door
from sc.listeners.http.errors import HttpError
from sc.listeners.http.pages.page import Filled, Page
from sc.model.status import Health, ScannerStatus, ServerStatus

REFRESH = range(2, 3601)
"""Seconds: a page that loads itself each second would be a load of its own."""

_MARKS = {Health.UP: "good", Health.FAILING: "bad", Health.UNKNOWN: "odd"}
_WORDS = {
    Health.UNKNOWN: "not probed yet",
    Health.UP: "up",
    Health.FAILING: "failing",
    Health.ABSENT: "not here",
    Health.OFF: "off",
}


def home(door: Door) -> Page:
    up = [s.name for s in door.statuses() if s.health is Health.UP]
    failing = [s.name for s in door.statuses() if s.health is Health.FAILING]
    scanners = f"Scanners that are up: {', '.join(up) or 'none'}."
    if failing:
        scanners += f" Failing: {', '.join(failing)}."
    content = Filled("home.html", scanners=scanners, **_readiness(door))
    return Page("Home", content, "/")


def status(door: Door, query: Mapping[bytes, Sequence[bytes]] | None) -> Page:
    """@param query: `refresh`, in seconds."""
    now = datetime.fromtimestamp(door.clock.seconds(), UTC)
    content = _Scanners(door.statuses(), now, **_readiness(door))
    return Page("Status", content, "/status", _refresh(query or {}))


def problem(error: HttpError) -> Page:
    return Page(str(error.status), Filled("error.html", text=error.text), "")


def _refresh(query: Mapping[bytes, Sequence[bytes]]) -> int | None:
    given = query.get(b"refresh", [b""])[0]
    seconds = int(given) if len(given) < 5 and given.isdigit() else 0
    return seconds if seconds in REFRESH else None


def _readiness(door: Door) -> dict[str, str]:
    reasons = door.readiness()
    if reasons:
        return {"mark": "odd", "ready": f"Not ready: {'; '.join(reasons)}"}
    return {"mark": "good", "ready": "Ready"}


class _Scanners(Filled):
    def __init__(
        self, statuses: Sequence[ScannerStatus], now: datetime, **slots: str
    ) -> None:
        super().__init__(
            "status.html", now=f"As of {now:%Y-%m-%d %H:%M:%S} UTC", **slots
        )
        self._statuses, self._now = statuses, now

    @renderer
    def scanners(self, _request: IRequest | None, tag: Tag) -> Iterator[Tag]:
        """Below a scanner that several servers share, each of them."""
        for one in self._statuses:
            took = "-" if one.seconds is None else f"{one.seconds * 1000:.0f} ms"
            yield tag.clone().fillSlots(**self._row(one.name, one, took))
            for number, server in enumerate(one.servers, 1):
                if len(one.servers) > 1:
                    name = f"{one.name}, server {number}"
                    yield tag.clone().fillSlots(**self._row(name, server, ""))

    def _row(
        self, name: str, one: ScannerStatus | ServerStatus, took: str
    ) -> dict[str, str]:
        return {
            "name": name,
            "mark": _MARKS.get(one.health, "plain"),
            "state": _WORDS[one.health],
            "since": f"{one.since:%Y-%m-%d %H:%M:%SZ}",
            "ago": ago((self._now - one.since).total_seconds()),
            "interface": one.interface,
            "latency": took,
            "error": one.error or "-",
        }


def ago(seconds: float) -> str:
    """In the largest unit that fits."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
