"""Which scanners are asked about a message; pure."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import define, field

from sc.model.choice import Choice
from sc.model.envelope import Direction
from sc.scanners.registry import Registered
from sc.scanners.settings import Enabled

NOT_SELECTED = "not selected"


@define
class Selection:
    """
    Chooses among the scanners.

    @ivar listeners: what the operator wants at a door; all scanners, where it is not
        named here or has none.
    @ivar known: the choices of the doors themselves, made once.
    """

    _entries: Sequence[Registered]
    _listeners: Mapping[str, frozenset[str]]
    _known: dict[tuple[str, Direction], Choice] = field(factory=dict, init=False)

    def choose(
        self, listener: str, direction: Direction, wanted: frozenset[str] | None = None
    ) -> Choice:
        """
        @param wanted: the names that the client asks for, or None; it cannot have
            more than its door has.
        """
        if wanted is not None:
            return self._choice(listener, direction, wanted)
        if (listener, direction) not in self._known:
            choice = self._choice(listener, direction, None)
            self._known[listener, direction] = choice
        return self._known[listener, direction]

    def _choice(
        self, listener: str, direction: Direction, wanted: frozenset[str] | None
    ) -> Choice:
        names = self._listeners.get(listener) or None
        reasons = {
            entry.name: reason
            for entry in self._entries
            if (reason := _why_not(entry, direction, (names, wanted)))
        }
        for name in self._needed(reasons):
            reasons.pop(name, None)
        return Choice(tuple(reasons.items()))

    def _needed(self, reasons: Mapping[str, str]) -> Iterator[str]:
        """What those who look cannot do without, and what these need in turn."""
        needs = {entry.name: entry.scanner.needs for entry in self._entries}
        off = {e.name for e in self._entries if e.settings.enabled is Enabled.FALSE}
        left = [name for name in needs if name not in reasons and name not in off]
        while left:
            for name in needs[left.pop()]:
                yield name
                left.append(name)


def _why_not(
    entry: Registered, direction: Direction, selections: Sequence[frozenset[str] | None]
) -> str:
    settings = entry.settings
    if direction not in settings.directions:
        return f"not for {direction.value} mail"
    if settings.required or all(s is None or entry.name in s for s in selections):
        return ""
    return NOT_SELECTED
