"""What the scanners stated about one message."""

from collections.abc import Collection
from enum import Enum
from typing import Self

from attrs import evolve, field, frozen

from sc.model.authentication import Authentication

RAW_LIMIT = 16 * 1024
"""Octets of a peer's own reply that are kept for the operator."""


class State(Enum):
    """How a scanner's look at a message ended."""

    DONE = "done"
    ERROR = "error"
    SKIPPED = "skipped"


@frozen
class Symbol:
    """
    One named fact, `[A-Z0-9_]` only: clients copy names into header fields.

    @ivar score: in our own scale, unless `required` is given.
    @ivar required: the threshold of the scanner's own scale in which `score` is
        counted; policy scales it so that this meets `add header`.
    @ivar recipients: whom it is about; None: every one.
    """

    name: str
    score: float = 0.0
    required: float | None = None
    options: tuple[str, ...] = ()
    description: str = ""
    recipients: frozenset[str] | None = None


def names_virus(symbol: str) -> bool:
    """Whether a symbol says that a virus was found."""
    # SpamAssassin's rules name viruses that they only talk about.
    return symbol == "EICAR" or (symbol.endswith("_VIRUS") and symbol[:3] != "SA_")


@frozen
class Findings:
    """
    What one scanner found.

    @ivar flagged: in its own words, why it calls the message bad; empty: it does not.
    @ivar passed: in its own words, that it finds nothing.
    @ivar raw: the peer's reply, at most `RAW_LIMIT`, without local paths.
    @ivar authentication: what it says about who the sender is.
    """

    symbols: tuple[Symbol, ...] = ()
    flagged: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    raw: str = field(default="", repr=False)
    authentication: tuple[Authentication, ...] = ()


@frozen
class ScannerResult:
    """
    One scanner's part of a verdict. "Could not scan" is a result of its own.

    @ivar error: a short sentence without paths or secrets; set with ERROR only.
    @ivar reason: why it was skipped; set with SKIPPED only.
    """

    scanner: str
    state: State
    findings: Findings = Findings()
    error: str = ""
    reason: str = ""
    seconds: float = 0.0


@frozen
class Known:
    """
    What is known of a message before it is scanned: by lists, by limits.

    @ivar result: as a scanner's, under the name of what knows it.
    @ivar settled: the scanners need not look.
    """

    result: ScannerResult
    settled: bool = False


@frozen
class Verdict:
    """
    All scanner results for one message, in the registry's order.

    @ivar reused: they were found for the same message a while ago.
    """

    message_id: str
    results: tuple[ScannerResult, ...] = ()
    reused: bool = False

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return tuple(s for r in self.results for s in r.findings.symbols)

    @property
    def personal(self) -> tuple[Symbol, ...]:
        """The symbols that are about some recipients only."""
        return tuple(s for s in self.symbols if s.recipients is not None)

    def without(self, symbols: Collection[Symbol]) -> Self:
        """The same, but for what is about others."""
        if not symbols:
            return self
        results = (
            evolve(
                result,
                findings=evolve(
                    result.findings,
                    symbols=tuple(
                        s for s in result.findings.symbols if s not in symbols
                    ),
                ),
            )
            for result in self.results
        )
        return evolve(self, results=tuple(results))

    @property
    def errors(self) -> dict[str, str]:
        """Scanner name to what went wrong with it."""
        return {r.scanner: r.error for r in self.results if r.state is State.ERROR}
