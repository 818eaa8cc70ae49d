"""What scanners of senders stand on: DNS from a dict, and everybody is a stranger."""

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from sc.model.envelope import Direction
from sc.scanners.senders import Senders
from tests.fakes.zone_records import ZoneRecords


def senders(
    zone: Mapping[str, Sequence[Mapping[str, Any] | str]] | None = None,
    clock: IReactorTime | None = None,
    direction: Direction = Direction.INBOUND,
) -> Senders:
    return Senders(clock or Clock(), ZoneRecords(zone or {}), lambda _: direction)
