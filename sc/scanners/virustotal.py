"""VirusTotal: what many virus scanners say of attached files, by their hashes."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

from attrs import Factory, define, field, frozen
from attrs.validators import in_
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from sc.content import file_names
from sc.content.attachments import files
from sc.content.file_kinds import HEAD, FileKind, kind_of
from sc.content.mime import Limits
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.api_key import is_key
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.settings import Enabled, ScannerSettings, positive
from sc.scanners.virustotal_service import QuotaError, VirusTotalService
from sc.wire.virustotal import UNKNOWN, Report

NAME = "virustotal"

SUSPICIOUS = 2.0
"""Score of what a few engines doubt: engines that copy each other are often wrong."""

POLL = 15.0
"""Seconds between two looks at an analysis."""

EICAR = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
"""The test file's SHA-256, which VirusTotal always knows."""

MAX_UPLOAD = 8 << 20

MAX_NAMES = 10
"""Of files, that one symbol tells."""


def _base(_instance: object, _attribute: object, value: str) -> None:
    if not (value.startswith(("http://", "https://")) and value.endswith("/")):
        raise ValueError(f"{value!r} is not an http or https URL that ends in a slash")


def _key(_instance: object, _attribute: object, value: str | None) -> None:
    if value is not None and not is_key(value):
        raise ValueError("is not a key: printable ASCII without blanks")


def _path(_instance: object, _attribute: object, value: str | None) -> None:
    if value is not None and not value.startswith("/"):
        raise ValueError(f"{value!r} is not an absolute path")


@frozen(kw_only=True)
class VirusTotalSettings(ScannerSettings):
    """
    What VirusTotal's scanners say of attached files, by their hashes.

    @ivar base: where its API is, version 3.
    @ivar key: the secret that it gave you, here or in `key_file`.
    @ivar key_file: its first line is the key; read for each question.
    @ivar per_minute: questions, of all nodes that share a `cache`; the free ones.
    @ivar max_files: of one message that are asked about.
    @ivar malicious: so many of its scanners make a virus.
    @ivar ttl: seconds for which its answers are remembered.
    @ivar upload: give it files that it does not know, which it then shows to others;
        never the message.
    @ivar max_upload: octets of such a file, up to 8 MiB.
    """

    enabled: Enabled = Enabled.FALSE
    base: str = field(default="https://www.virustotal.com/api/v3/", validator=_base)
    key: str | None = field(default=None, repr=False, validator=_key)
    key_file: str | None = field(default=None, validator=_path)
    per_minute: int = field(default=4, validator=in_(range(1, 100_001)))
    max_files: int = field(default=4, validator=in_(range(1, 101)))
    malicious: int = field(default=3, validator=in_(range(1, 101)))
    ttl: float = field(default=21_600.0, validator=positive)
    upload: bool = False
    max_upload: int = field(default=4 << 20, validator=in_(range(1, MAX_UPLOAD + 1)))

    def __attrs_post_init__(self) -> None:
        if self.key is not None and self.key_file is not None:
            raise ValueError("key and key_file are both given")
        if self.enabled is not Enabled.FALSE and self.key is self.key_file is None:
            raise ValueError("needs key or key_file")


@frozen
class Suspect:
    """A file that may hold a virus."""

    name: str
    sha256: str
    payload: bytes = field(repr=lambda b: f"<{len(b)} octets>")


@define
class _Found:
    """@ivar unsaid: names of files, by the symbol that says why."""

    reports: dict[str, Report] = Factory(dict)
    unsaid: dict[str, list[str]] = Factory(dict)

    def left(self, symbol: str, suspect: Suspect) -> None:
        self.unsaid.setdefault(symbol, []).append(suspect.name)


@define
class VirusTotalScanner:
    """It is asked about hashes; one failure and it is probed before it is asked."""

    _service: VirusTotalService
    _offload: Offload
    _clock: IReactorTime
    _settings: VirusTotalSettings
    _doubtful: bool = field(default=True, init=False)

    name = NAME
    needs = ()
    interface = Interface.NETWORK

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        deadline = self._clock.seconds() + self._settings.timeout
        content = message.content
        suspects = await self._offload(len(content), find_suspects, content)
        if not suspects:
            raise NotScannedError("no file that may hold a virus")
        result = _Found(await self._service.known(one.sha256 for one in suspects))
        for number, suspect in enumerate(suspects):
            if any(map(self._is_virus, result.reports.values())):
                break  # One is enough, and each question counts.
            if number < self._settings.max_files:
                await self._look(suspect, result, deadline)
            elif suspect.sha256 not in result.reports:
                result.left("SKIPPED", suspect)
        return self._findings(suspects, result)

    async def _look(self, suspect: Suspect, result: _Found, deadline: float) -> None:
        try:
            report = result.reports.get(suspect.sha256)
            if report is None:
                self._doubtful = True
                report = await self._service.report(suspect.sha256)
                self._doubtful = False
            if report == UNKNOWN and self._may_upload(suspect):
                report = await self._uploaded(suspect, deadline)
                if report is None:
                    result.left("PENDING", suspect)
                    return
        except QuotaError:
            self._doubtful = False  # It is well, and may not be asked in vain.
            result.left("SKIPPED", suspect)
            return
        result.reports[suspect.sha256] = report
        if report == UNKNOWN:
            result.left("UNKNOWN", suspect)

    def _may_upload(self, suspect: Suspect) -> bool:
        return (
            self._settings.upload and len(suspect.payload) <= self._settings.max_upload
        )

    async def _uploaded(self, suspect: Suspect, deadline: float) -> Report | None:
        """None: it is not ready in time; a message that comes again finds it."""
        analysis = await self._service.upload(suspect.payload)
        while self._clock.seconds() + POLL < deadline:
            await deferLater(self._clock, POLL)
            report = await self._service.analysis(analysis)
            if report is not None:
                await self._service.remember(suspect.sha256, report)
                return report
        return None

    def _is_virus(self, report: Report) -> bool:
        return report.malicious >= self._settings.malicious

    def _findings(self, suspects: tuple[Suspect, ...], result: _Found) -> Findings:
        symbols = list(self._symbols(suspects, result.reports))
        flagged = tuple(s.options[0] for s in symbols if s.name.endswith("_VIRUS"))
        for name, names in result.unsaid.items():
            text = _UNSAID[name]
            options = tuple(names)[:MAX_NAMES]
            symbols.append(Symbol(f"VIRUSTOTAL_{name}", 0.0, None, options, text))
        if len(result.unsaid.get("SKIPPED", ())) == len(suspects):
            raise NotScannedError("its quota is used up", symbols[-1])
        return Findings(tuple(symbols), flagged, () if flagged else ("OK",))

    def _symbols(
        self, suspects: tuple[Suspect, ...], reports: Mapping[str, Report]
    ) -> Iterator[Symbol]:
        """The worst of each kind."""
        said = [(reports.get(one.sha256, UNKNOWN), one.name) for one in suspects]
        report, name = max(said, key=lambda pair: pair[0].malicious)
        if self._is_virus(report):
            yield _symbol("VIRUS", 0.0, report, name)
            return
        report, name = max(
            said, key=lambda pair: pair[0].malicious + pair[0].suspicious
        )
        if report.malicious + report.suspicious:
            yield _symbol("SUSPICIOUS", SUSPICIOUS, report, name)

    async def probe(self) -> None:
        """Asks only if in doubt: each question counts."""
        self._service.check_key()
        if self._doubtful:
            try:
                await self._service.report(EICAR)
            except QuotaError:
                return
            self._doubtful = False


_UNSAID = {
    "UNKNOWN": "nobody there knows these files",
    "PENDING": "the analysis of these files goes on",
    "SKIPPED": "these files were not asked about: too many, or the quota is used up",
}


def build(settings: VirusTotalSettings, ground: Ground) -> VirusTotalScanner:
    service = VirusTotalService(
        base=settings.base,
        per_minute=settings.per_minute,
        ttl=settings.ttl,
        key=settings.key,
        key_file=settings.key_file,
        fetcher=ground.fetcher,
        cache=ground.cache,
        clock=ground.reactor,
    )
    return VirusTotalScanner(service, ground.offload, ground.reactor, settings)


def find_suspects(content: Octets) -> tuple[Suspect, ...]:
    """Each content once, what runs first; pictures, and what was cut, are none."""
    found: dict[str, tuple[int, Suspect]] = {}
    for part in files(content):
        kind, name = kind_of(part.payload[:HEAD]), part.filename or ""
        plain = part.content_type.startswith("text/") and kind is None
        runs = file_names.runs(name) or kind is FileKind.PROGRAM
        whole = 0 < len(part.payload) < Limits().part
        if whole and kind is not FileKind.IMAGE and (runs or not plain):
            rank = 0 if runs else 1 + (kind is None)
            digest = sha256(part.payload).hexdigest()
            suspect = Suspect(file_names.printable(name), digest, part.payload)
            found.setdefault(digest, (rank, suspect))
    ranked = sorted(found.values(), key=lambda pair: pair[0])
    return tuple(suspect for _, suspect in ranked)


def _symbol(name: str, score: float, report: Report, file: str) -> Symbol:
    said = f"{report.doubts}/{report.engines}"
    options = (report.label or "malicious", said, file)
    text = "what virus scanners at VirusTotal say of a file"
    return Symbol(f"VIRUSTOTAL_{name}", score, None, options, text)
