"""Takes one report from the outbox to a provider, and reads what it says."""

import json
import re
from collections.abc import Sequence
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from sc.abuse.providers.provider import Provider
from sc.abuse.providers.settings import NetcraftSettings, ServiceSettings
from sc.abuse.reports.letter import printable
from sc.model.report import ReportState
from sc.net.api_key import KeyFileError, read_key
from sc.net.fetcher import Fetched, FetchError, Poster
from sc.net.posting import BeforeBody, Posting
from sc.outbox.entry import Entry
from sc.outbox.outbox import MAX_AFTER
from sc.outbox.sender import Ending

MAX_ANSWER = 64 * 1024

PAUSE = 60.0
"""Seconds after a failure that does not say how long: each report that meets a
provider that hangs would become uncertain."""

_SECONDS = re.compile(r"[0-9]{1,8}")
_NUMBERS = ("id", "uuid", "abuse_rand")
"""By what a provider knows a report that it took."""
_WORDS = ("message", "msg", "detail")


@define
class _Beginning:
    """`begin`, which may still run when a server answers too early."""

    _begin: BeforeBody
    _ended: Deferred[bool] | None = field(default=None, init=False)

    async def __call__(self) -> None:
        self._ended = Deferred()
        well = False
        try:
            await self._begin()
            well = True
        finally:
            self._ended.callback(well)

    async def has_ended_well(self) -> bool:
        """When nothing of it runs any more: whether the body may have left."""
        return self._ended is not None and await self._ended


@define
class ProviderCourier:
    """For one provider, by a POST."""

    provider: Provider
    _poster: Poster
    _clock: IReactorTime
    _closed_until: float = field(default=0.0, init=False)

    async def carry(self, entry: Entry, body: bytes, begin: BeforeBody) -> Ending:
        """See `sc.outbox.sender.Courier`."""
        left = self._closed_until - self._clock.seconds()
        if 0 < left <= MAX_AFTER:  # further away: the clock was set back
            text = f"{self.provider.name} takes nothing more for {left:.0f} s"
            return Ending(ReportState.DEFERRED, text, left)
        try:
            headers = self.provider.headers(_key(self.provider.settings))
        except KeyFileError as e:
            return Ending(ReportState.DEFERRED, f"{self.provider.name}: {e}")
        provider, url = self.provider, self.provider.settings.base + entry.rcpt_to
        posting = Posting(url, provider.content_type, body, headers)
        return await self._post(posting, begin)

    async def _post(self, posting: Posting, begin: BeforeBody) -> Ending:
        beginning = _Beginning(begin)
        try:
            fetched = await self._poster.post(posting, MAX_ANSWER, beginning)
        except FetchError as e:
            # Once the whole request has left, it may have been taken.
            self._pause(PAUSE)
            uncertain = await beginning.has_ended_well()
            state = ReportState.UNCERTAIN if uncertain else ReportState.DEFERRED
            return Ending(state, f"{self.provider.name}: {e}")
        ending = self._ending(fetched)
        if not await beginning.has_ended_well() and ending.state is ReportState.SENT:
            # It said yes to what it has not read.
            return Ending(ReportState.DEFERRED, ending.reason)
        return ending

    def _ending(self, fetched: Fetched) -> Ending:
        status, text = fetched.status, _sentence(fetched)
        if 200 <= status < 300:
            return Ending(ReportState.SENT, text)
        if status in (408, 429) or status >= 500:
            after = _retry_after(fetched)
            self._pause(after)
            return Ending(ReportState.DEFERRED, text, after)
        if status in (401, 403):
            return Ending(ReportState.FAILED, f"{text}: check its key, then retry")
        return Ending(ReportState.FAILED, text)

    def _pause(self, seconds: float) -> None:
        self._closed_until = self._clock.seconds() + seconds


def _retry_after(fetched: Fetched) -> float:
    """RFC 9110 10.2.3; a date is rare, and its clock another one."""
    said = fetched.headers.get("retry-after", "").strip()
    return min(float(said), MAX_AFTER) if _SECONDS.fullmatch(said) else PAUSE


def _sentence(fetched: Fetched) -> str:
    """The status, and what a provider says that we know how to read."""
    try:
        told = json.loads(fetched.body)
    except (ValueError, RecursionError):
        told = None
    taken = fetched.status < 300
    words = _words(told, _NUMBERS + _WORDS if taken else _WORDS)
    return f"{fetched.status} {printable(words)}" if words else str(fetched.status)


def _words(told: Any, names: Sequence[str]) -> str:
    if isinstance(told, dict):
        errors = told.get("errors")
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            told = errors[0]
        found = (told.get(name) for name in names)
        return next((str(x) for x in found if isinstance(x, str | int)), "")
    return ""


def _key(settings: ServiceSettings) -> str:
    """
    @raise KeyFileError: it cannot be read.
    """
    if isinstance(settings, NetcraftSettings):
        return ""
    return read_key(settings.key, settings.key_file)
