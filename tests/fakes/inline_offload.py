"""An `Offload` whose thread is never needed: tests send small messages."""

from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.python.threadpool import ThreadPool

from sc.offload import Offload


def inline() -> Offload:
    return Offload(cast(Any, reactor), ThreadPool(0, 1))
