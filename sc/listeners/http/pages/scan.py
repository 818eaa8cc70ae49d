"""Scan: a form for a message, and in words what would become of it."""

import json
from collections.abc import Iterator

from twisted.web.iweb import IRequest
from twisted.web.template import Tag, renderer

from sc.content.fields import MAX_HEADER, read_fields, text
from sc.flow import Outcome
from sc.listeners.http.pages.page import Filled, Page
from sc.listeners.http.shapes import scan_object
from sc.model.decision import Action, Decision
from sc.model.octets import Octets
from sc.model.verdict import ScannerResult, State

MAX_SHOWN = 500
"""Characters of a field or an option: a stranger wrote them."""

_WORDS = {
    Action.REJECT: "It would be refused.",
    Action.SOFT_REJECT: "It would be refused for now; its sender would try again.",
    Action.QUARANTINE: "It would be kept aside for a person.",
    Action.REWRITE_SUBJECT: "It would be delivered as spam, with another Subject.",
    Action.ADD_HEADER: "It would be delivered, marked as spam.",
    Action.GREYLIST: "It looks suspicious, and would be delivered.",
    Action.NO_ACTION: "It would be delivered.",
}
_MARKS = {State.DONE: "good", State.ERROR: "bad", State.SKIPPED: "plain"}


def form() -> Page:
    """What it sends, `form_message` reads."""
    return Page("Scan a message", Filled("scan.html"), "/scan")


def decision(outcome: Outcome) -> Page:
    return Page("Decision", _Decision(outcome), "/scan")


class _Decision(Filled):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__("decision.html", **_facts(outcome))
        self._outcome = outcome

    @renderer
    def recipients(self, _request: IRequest | None, tag: Tag) -> Tag | str:
        """Only where they differ."""
        actions = {one.decision.action for one in self._outcome.decisions}
        return tag if len(actions) > 1 else ""

    @renderer
    def recipient(self, _request: IRequest | None, tag: Tag) -> Iterator[Tag]:
        for one in self._outcome.decisions:
            yield tag.clone().fillSlots(
                recipient=_cut(one.recipient or "-"), action=one.decision.action.value
            )

    @renderer
    def symbols(self, _request: IRequest | None, tag: Tag) -> Iterator[Tag]:
        """What counted most comes first."""
        found = self._outcome.decision.symbols
        for symbol in sorted(found, key=lambda s: -abs(s.score)):
            yield tag.clone().fillSlots(
                name=symbol.name,
                score=f"{symbol.score:.2f}",
                description=_cut(symbol.description) or "-",
                options=_cut(", ".join(symbol.options)) or "-",
            )

    @renderer
    def scanners(self, _request: IRequest | None, tag: Tag) -> Iterator[Tag]:
        for result in self._outcome.verdict.results:
            yield tag.clone().fillSlots(
                name=result.scanner,
                mark=_MARKS[result.state],
                state=result.state.value,
                took=f"{result.seconds * 1000:.0f} ms",
                why=_why(result),
            )


def _facts(outcome: Outcome) -> dict[str, str]:
    one, content = outcome.decision, outcome.message.content
    return {
        "mark": _mark(one),
        "action": one.action.value,
        "words": _words(one),
        "sentence": one.sentence,
        "subject": _field(content, "subject"),
        "author": _field(content, "from"),
        "size": f"{len(content)} octets",
        "direction": outcome.direction.value,
        "reason": one.reason.value,
        "score": f"{one.score:.2f}; marked as spam from {one.add_header_at:.2f},"
        f" refused from {one.reject_at:.2f}",
        "seconds": f"{outcome.seconds * 1000:.0f} ms",
        "json": json.dumps(scan_object(outcome), indent=2, ensure_ascii=False),
    }


def _words(decision: Decision) -> str:
    if decision.redirect_to is not None:
        return f"It would be sent to {decision.redirect_to} instead."
    if decision.would is not None:
        words = _WORDS[decision.would]
        return f"This listener only observes. Elsewhere: {words}"
    return _WORDS[decision.action]


def _mark(decision: Decision) -> str:
    if decision.is_spam:
        return "bad"
    return "good" if decision.action is Action.NO_ACTION else "odd"


def _why(result: ScannerResult) -> str:
    if result.state is State.DONE:
        return _cut(", ".join(result.findings.flagged)) or "-"
    return _cut(result.error or result.reason)


def _field(content: Octets, name: str) -> str:
    for one in read_fields(content[:MAX_HEADER]):
        if one.name.lower() == name:
            return _cut(text(one.value[: MAX_SHOWN * 4])) or "-"
    return "-"


def _cut(shown: str) -> str:
    """Control characters have no place in a page either."""
    plain = "".join(c if c.isprintable() else " " for c in shown[: MAX_SHOWN + 1])
    return plain if len(plain) <= MAX_SHOWN else plain[:MAX_SHOWN] + "..."
