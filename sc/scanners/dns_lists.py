"""Lists in DNS (RFC 5782): asked while they pass their own test, each for itself."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address

from attrs import define
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from sc.content.list_codes import Kind, refusal
from sc.model.verdict import Findings
from sc.net.resolver import NotFoundError, ResolveError, all_of
from sc.scanners.interface import NotScannedError, ScannerError
from sc.scanners.listings import Answer, Question, findings
from sc.scanners.senders import Senders
from sc.scanners.zones import ZoneSettings

TEST_TIMEOUT = 4.0
"""Seconds for a list's test: less than a probe has by default, or one dead list
would take the others away."""

LATE = "it does not answer in time"


class ListError(Exception):
    """A list could not be asked, or does not answer as one; the text says why."""


@define
class _Watched:
    """
    One list.

    @ivar kinds: that its last test found in order; empty: it is not asked.
    @ivar problem: what the operator was last told.
    """

    zone: ZoneSettings
    kinds: frozenset[Kind] = frozenset()
    problem: str = ""


class DNSLists:
    """The lists of one scanner."""

    _log = Logger()

    def __init__(
        self,
        prefix: str,
        kinds: Sequence[Kind],
        senders: Senders,
        zones: Iterable[ZoneSettings],
        also: Sequence[Kind] = (),
    ) -> None:
        """
        @param prefix: of the scanner's symbols.
        @param kinds: of which a list must have one, or it is useless.
        @param also: that it is asked for as well, if it has them.
        """
        self._prefix, self._kinds, self._also = prefix, tuple(kinds), tuple(also)
        self._senders = senders
        self._watched = tuple(map(_Watched, zones))

    async def test(self) -> None:
        """
        Find out which lists can be asked; one that cannot is left out.

        @raise ScannerError: none can.
        """
        await all_of(self._test(one) for one in self._watched)
        if not any(one.kinds for one in self._watched):
            one = self._watched[0]
            raise ScannerError(f"no list can be asked: {one.zone.zone}: {one.problem}")

    async def _test(self, watched: _Watched) -> None:
        kinds = (*self._kinds, *self._also)
        wrong = await all_of(self._examined(watched.zone, kind) for kind in kinds)
        well = {kind for kind, text in zip(kinds, wrong, strict=True) if not text}
        useful = not well.isdisjoint(self._kinds)
        watched.kinds = frozenset(well if useful else ())
        self._tell(watched, "" if useful else wrong[0])

    async def _examined(self, zone: ZoneSettings, kind: Kind) -> str:
        """What is wrong with a list (RFC 5782 5)."""
        work = self._examine(zone, kind)
        return await self._senders.within(TEST_TIMEOUT, work, LATE)

    async def _examine(self, zone: ZoneSettings, kind: Kind) -> str:
        try:
            listed = zone.test_entry(kind)
            if not await self._codes(zone, listed):
                return f"it does not list its own test entry {listed}"
            if await self._codes(zone, kind.unlisted):
                return f"it lists everything, {kind.unlisted}, too"
        except ListError as e:
            return str(e)
        return ""

    def _tell(self, watched: _Watched, problem: str) -> None:
        """The operator, what he does not know yet."""
        before, watched.problem = watched.problem, problem
        name = watched.zone.zone
        if problem and not before:
            self._log.warn(
                "the list {zone} is not asked ({problem}); until it passes its test"
                " the others go on; if it stays so, take it out of the scanner's"
                " `zones`",
                zone=name,
                problem=problem,
            )
        elif before and not problem:
            self._log.info("the list {zone} is asked again", zone=name)

    async def ask(
        self, questions: Sequence[Question], seconds: float
    ) -> tuple[Answer, ...]:
        """
        Every question to every list that takes its kind, all at once.

        @raise NotScannedError: no list takes any of them.
        @raise ScannerError: no list answered, or none works now.
        """
        if not any(one.kinds for one in self._watched):
            raise ScannerError("no list works now")
        work = [
            self._answer(watched, question, seconds)
            for watched in self._watched
            for question in questions
            if question.kind in watched.kinds
            and watched.zone.takes(whole=question.whole)
        ]
        if not work:
            raise NotScannedError("no list takes such questions")
        answers = await all_of(work)
        if all(answer.problem for answer in answers):
            raise ScannerError(f"no list answered: {answers[0].problem}")
        return tuple(answers)

    async def _answer(
        self, watched: _Watched, question: Question, seconds: float
    ) -> Answer:
        late = Answer(watched.zone, question, problem=LATE)
        work = self._read(watched.zone, question)
        answer = await self._senders.within(seconds, work, late)
        if answer.problem and watched.kinds:
            # Not asked again before its test: a dead list costs one message its time.
            # The test comes at once, or a stranger's odd name would take it away.
            watched.kinds = frozenset()
            Deferred.fromCoroutine(self._test(watched))
        return answer

    async def _read(self, zone: ZoneSettings, question: Question) -> Answer:
        try:
            return Answer(zone, question, await self._codes(zone, question.query))
        except ListError as e:
            return Answer(zone, question, problem=str(e))

    async def _codes(self, zone: ZoneSettings, query: str) -> tuple[IPv4Address, ...]:
        """Empty: not listed."""
        try:
            codes = await self._senders.records.a(f"{query}.{zone.zone}")
        except NotFoundError:
            return ()
        except ResolveError:
            raise ListError("DNS cannot tell now") from None
        if problem := refusal(codes):
            raise ListError(problem)
        return codes

    def findings(self, answers: Sequence[Answer]) -> Findings:
        """The symbols of these answers, and of the lists that gave none."""
        failed = [answer.zone.zone for answer in answers if answer.problem]
        failed += [one.zone.zone for one in self._watched if not one.kinds]
        return findings(self._prefix, answers, failed)
