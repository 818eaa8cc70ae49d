"""VirusTotal as we ask it: within its quota, remembering what it said."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from sc.net.api_key import KeyFileError, read_key
from sc.net.fetcher import Fetched, FetchError, GuardedFetcher
from sc.net.posting import Posting
from sc.scanners.interface import ScannerError
from sc.store.cache import Cache
from sc.wire.virustotal import (
    UNKNOWN,
    AnswerError,
    Report,
    form,
    from_cache,
    read_analysis,
    read_report,
    read_upload,
    to_cache,
)

T = TypeVar("T")

JSON = "application/json"

MAX_ANSWER = 1 << 20
"""Octets of one; a report with all its engines has some 30,000."""

MAX_PAUSE = 3600.0
PAUSE = 60.0
"""Seconds after a 429 that does not say how long."""

UNKNOWN_TTL = 900.0
"""Seconds: what is new today may be known in an hour."""

_SECONDS = re.compile(r"[0-9]{1,8}")


class QuotaError(Exception):
    """We may not ask now."""


@define
class VirusTotalService:
    """
    @ivar base: where its API is.
    @ivar per_minute: questions, of all nodes that share the cache.
    @ivar ttl: seconds for which a report is remembered.
    """

    base: str
    per_minute: int
    ttl: float
    _key: str | None = field(repr=False)
    _key_file: str | None
    _fetcher: GuardedFetcher
    _cache: Cache
    _clock: IReactorTime
    _closed_until: float = field(default=0.0, init=False)

    async def known(self, hashes: Iterable[str]) -> dict[str, Report]:
        """What it said lately; costs no question."""
        found = await self._cache.get_many([_cached(one) for one in hashes])
        read = {name.rpartition(":")[2]: from_cache(x) for name, x in found.items()}
        return {name: report for name, report in read.items() if report is not None}

    async def report(self, sha256: str) -> Report:
        """
        @raise QuotaError: not now.
        @raise ScannerError: it does not say.
        """
        fetched = await self._get(f"files/{sha256}")
        report = UNKNOWN if fetched.status == 404 else _read(read_report, fetched)
        await self.remember(sha256, report)
        return report

    async def remember(self, sha256: str, report: Report) -> None:
        ttl = min(UNKNOWN_TTL, self.ttl) if report == UNKNOWN else self.ttl
        await self._cache.set_many({_cached(sha256): to_cache(report)}, ttl)

    async def upload(self, octets: bytes) -> str:
        """
        Give it a file, which it then shows to its customers; returns the analysis.

        @raise QuotaError: not now.
        @raise ScannerError: it does not take it.
        """
        kind, body = form(octets, secrets.token_hex(16))
        posting = Posting(self.base + "files", kind, body, await self._asking())
        try:
            fetched = await self._fetcher.post(posting, MAX_ANSWER, _at_once)
        except FetchError as e:
            raise ScannerError(str(e)) from None
        return _read(read_upload, self._checked(fetched))

    async def analysis(self, name: str) -> Report | None:
        """
        None: it goes on.

        @raise QuotaError: not now.
        @raise ScannerError: it does not say.
        """
        return _read(read_analysis, await self._get(f"analyses/{name}"))

    def check_key(self) -> None:
        """@raise ScannerError: there is none."""
        self._headers()

    async def _get(self, path: str) -> Fetched:
        url, headers = self.base + path, await self._asking()
        try:
            fetched = await self._fetcher.get_once(url, JSON, MAX_ANSWER, headers)
        except FetchError as e:
            raise ScannerError(str(e)) from None
        return self._checked(fetched)

    async def _asking(self) -> Mapping[str, str]:
        """The fields of a question, which counts."""
        headers = self._headers()
        now = self._clock.seconds()
        if 0 < self._closed_until - now <= MAX_PAUSE:  # more: the clock was set back
            raise QuotaError
        minute = f"virustotal-asked:{int(now // 60)}"
        asked = await self._cache.add_many({minute: 1}, 120.0)
        # What cannot be counted is asked: a 429 still ends it.
        if asked.get(minute, 0) > self.per_minute:
            raise QuotaError
        return headers

    def _headers(self) -> Mapping[str, str]:
        try:
            return {"x-apikey": read_key(self._key, self._key_file)}
        except KeyFileError as e:
            raise ScannerError(str(e)) from None

    def _checked(self, fetched: Fetched) -> Fetched:
        status = fetched.status
        if status == 429:
            said = fetched.headers.get("retry-after", "").strip()
            pause = float(said) if _SECONDS.fullmatch(said) else PAUSE
            self._closed_until = self._clock.seconds() + min(pause, MAX_PAUSE)
            raise QuotaError
        if status in (401, 403):
            raise ScannerError(f"it answers {status}: check scanners.virustotal.key")
        if status not in (200, 404):
            raise ScannerError(f"it answers {status}")
        return fetched


async def _at_once() -> None:
    """Nothing has to be written down before the body leaves."""


def _cached(sha256: str) -> str:
    return f"virustotal:{sha256}"


def _read(read: Callable[[bytes], T], fetched: Fetched) -> T:
    try:
        return read(fetched.body)
    except AnswerError:
        raise ScannerError("it answers what nobody can read") from None
