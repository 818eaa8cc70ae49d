"""IANA's bootstrap files: asked for from time to time, and the last good ones kept.

What arrives is read whole before it replaces anything, and again when it is read
from the state folder: a file that was cut never counts.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from sc.abuse.contacts.bootstrap import (
    Bootstrap,
    BootstrapError,
    services,
    shipped_documents,
)
from sc.net.fetcher import Fetcher, FetchError

NAMES = ("ipv4.json", "ipv6.json", "asn.json")
MAX_OCTETS = 256 * 1024
"""IANA's list of ASes has 17 KB."""

FIRST = 60.0
"""Seconds after the start: whoever starts us ten times a minute asks nobody."""

RETRY = 3600.0


@frozen
class Refresh:
    """
    @ivar base: URL of the folder with the files; ends in a slash.
    @ivar every: seconds between two times; 0: never.
    """

    base: str
    every: float


class BootstrapFiles:
    """
    @ivar bootstrap: what holds now; filled by `load`.
    @ivar refresh: may be replaced; holds from the next time on.
    """

    _log = Logger()

    def __init__(
        self, fetcher: Fetcher, clock: IReactorTime, folder: Path, refresh: Refresh
    ) -> None:
        self.refresh = refresh
        self._documents = shipped_documents()
        self.bootstrap = Bootstrap(self._documents.values())
        self._fetcher, self._clock, self._folder = fetcher, clock, folder
        self._next: IDelayedCall | None = None
        self._work: Deferred[None] | None = None

    def start(self) -> None:
        """Read the kept files, and begin to ask for newer ones when they are old."""
        ages = [self._load(name) for name in NAMES]
        self.bootstrap.replace(self._documents.values())
        self._again(max(FIRST, self.refresh.every - max(ages)))

    async def stop(self) -> None:
        """End what is under way."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            with suppress(CancelledError):
                await work

    def _again(self, seconds: float) -> None:
        if self.refresh.every:
            self._next = self._clock.callLater(seconds, self._begin)

    def _begin(self) -> None:
        self._work = Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        """One time; that it failed is told, and tried again sooner."""
        try:
            for name in NAMES:
                await self._renew(name)
        except CancelledError:
            raise
        except (FetchError, BootstrapError, OSError) as e:
            self._log.warn("the lists of registries stay as they are: {e}", e=e)
            self._again(min(RETRY, self.refresh.every))
        else:
            self._again(self.refresh.every)
        self._work = None

    async def _renew(self, name: str) -> None:
        """
        @raise FetchError: it is not there.
        @raise BootstrapError: it is not such a file.
        @raise OSError: it cannot be kept.
        """
        url = self.refresh.base + name
        fetched = await self._fetcher.get(url, "application/json", MAX_OCTETS)
        if fetched.status != 200:
            raise FetchError(f"{url} answers HTTP {fetched.status}")
        try:
            services(fetched.body)
        except BootstrapError as e:
            raise BootstrapError(f"{url}: {e}") from None
        self._documents[name] = fetched.body
        self.bootstrap.replace(self._documents.values())
        self._keep(name, fetched.body)

    def _load(self, name: str) -> float:
        """Take a kept file; its age in seconds, a very long time if there is none."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                document = file.read(MAX_OCTETS)
            services(document)
        except FileNotFoundError:
            return float("inf")
        except (OSError, BootstrapError) as e:
            self._log.warn("{path} is not used: {e}", path=path, e=e)
            return float("inf")
        self._documents[name] = document
        return self._clock.seconds() - path.stat().st_mtime

    def _keep(self, name: str, document: bytes) -> None:
        """Whole or not at all; what a crash leaves half written has another name."""
        path = self._path(name)
        number, half = tempfile.mkstemp(dir=self._folder, prefix=".rdap-")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(document)
            Path(half).replace(path)
        except OSError:
            with suppress(OSError):
                Path(half).unlink()
            raise

    def _path(self, name: str) -> Path:
        return self._folder / f"rdap-{name}"
