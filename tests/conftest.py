"""Every test leaves the reactor as it found it, or fails with the name of what stays.

Unhandled Deferred errors, open ports, delayed calls and threads otherwise pass in
silence.
"""

import gc
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from threading import enumerate as running_threads

import pytest
from hypothesis import HealthCheck, settings
from twisted.internet import reactor, tcp, udp, unix  # noqa: TID251 the tests' reactor
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from tests import postgresql

settings.register_profile(
    "sc",
    deadline=None,
    max_examples=int(os.environ.get("SC_EXAMPLES", "60")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("sc")

# A pool that a failed test did not stop would keep pytest from its end for ever.
ThreadPool.threadFactory = staticmethod(partial(Thread, daemon=True))  # type: ignore[assignment]

LISTENING = (tcp.Port, udp.Port, unix.Port)


@implementer(ILogObserver)
class LostFailures:
    """Collects what nobody handled."""

    def __init__(self) -> None:
        self.tracebacks: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        if event["log_level"] >= LogLevel.critical and "log_failure" in event:
            self.tracebacks.append(event["log_failure"].getTraceback())


def _delayed_calls() -> set[object]:
    return {
        call
        for call in reactor.getDelayedCalls()
        if "pytest_twisted" not in str(getattr(call, "func", ""))
    }


def _ports() -> set[object]:
    readers = reactor.getReaders()
    return {reader for reader in readers if isinstance(reader, LISTENING)}


def _pool_threads() -> set[Thread]:
    """Of pools that somebody must stop; the reactor stops its own."""
    return {
        thread
        for thread in running_threads()
        if thread.name.startswith("PoolThread-") and "reactor" not in thread.name
    }


@pytest.fixture(autouse=True)
def clean_reactor() -> Iterator[None]:
    """Fail the test that leaves a port, a call, a thread or a lost failure behind."""
    lost = LostFailures()
    calls, ports, threads = _delayed_calls(), _ports(), _pool_threads()
    globalLogPublisher.addObserver(lost)
    try:
        yield
        gc.collect()
    finally:
        globalLogPublisher.removeObserver(lost)
    left_calls, left_ports = _delayed_calls() - calls, _ports() - ports
    for call in left_calls:
        call.cancel()  # type: ignore[attr-defined]
    for port in left_ports:
        port.stopListening()  # type: ignore[attr-defined]
    assert not lost.tracebacks, "unhandled:\n" + "\n".join(lost.tracebacks)
    assert not left_ports, f"still listening: {left_ports}"
    assert not left_calls, f"delayed calls left: {left_calls}"
    left_threads = _pool_threads() - threads
    assert not left_threads, f"no stop() for the pool of: {left_threads}"


@pytest.fixture(autouse=True, scope="module")
def fresh_heap() -> None:
    """
    Each test ends with a collection, which need not look at 6,000 collected tests, all
    that they imported, and what earlier modules left: that took half a second each.
    """
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Real peers run last: fast tests fail first.

    In CI they get a second try, which the last line counts as "rerun": hundreds of
    programs are started there, on a machine that may stand still for a minute.
    """
    items.sort(key=_has_real_peers)
    if "CI" in os.environ:
        for item in filter(_has_real_peers, items):
            item.add_marker(pytest.mark.flaky(reruns=1))


def _has_real_peers(item: pytest.Item) -> bool:
    return "integration" in item.path.parts


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """One for all tests; who kills it starts one of his own."""
    with postgresql.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path}/store.db"
        return
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    with server.schema() as url:
        yield url
