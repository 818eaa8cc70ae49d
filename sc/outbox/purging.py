"""Deletes what the outbox keeps no longer, also while nothing can be sent."""

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from sc.outbox.outbox import Outbox
from sc.store.interface import StoreError

PURGE = 600.0
"""
Seconds between two purges. What is kept is counted in days; but whoever asks what
became of a dead node's reports waits for this, too.
"""

_log = Logger("sc.outbox")


def purging(outbox: Outbox, clock: IReactorTime) -> LoopingCall:
    """Not started."""
    call = LoopingCall(lambda: Deferred.fromCoroutine(_purge(outbox)))
    call.clock = clock
    return call


async def _purge(outbox: Outbox) -> None:
    try:
        await outbox.purge()
    except StoreError as e:
        _log.error("old reports cannot be deleted now: {e}", e=e)
