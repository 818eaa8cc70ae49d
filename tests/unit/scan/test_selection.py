"""sc.scan.selection: which scanners look at a message."""

from collections.abc import Mapping

import pytest
from attrs import evolve

from sc.model.envelope import Direction
from sc.scan.selection import Selection
from sc.scanners.registry import Registered
from sc.scanners.settings import Enabled, ScannerSettings
from tests.unit.scan.scanners import Scripted

INBOUND, OUTBOUND = Direction.INBOUND, Direction.OUTBOUND

SPF = Scripted("spf")
DKIM = Scripted("dkim")
DMARC = Scripted("dmarc", needs=("spf", "dkim"))
VERDICT = Scripted("verdict", needs=("dmarc",))
VIRUS = Scripted("virus")
ALL = {"spf", "dkim", "dmarc", "verdict", "virus"}


def selection(
    listeners: Mapping[str, frozenset[str]] | None = None,
    **settings: ScannerSettings,
) -> Selection:
    scanners = (SPF, DKIM, DMARC, VERDICT, VIRUS)
    entries = [Registered(s, settings.get(s.name, ScannerSettings())) for s in scanners]
    return Selection(entries, listeners or {})


def looking(
    chooser: Selection,
    *wanted: str,
    listener: str = "http",
    direction: Direction = INBOUND,
) -> set[str]:
    names = frozenset(wanted) if wanted else None
    choice = chooser.choose(listener, direction, names)
    return {name for name in ALL if not choice.why_not(name)}


def test_all() -> None:
    """Where nobody chooses, all look."""
    assert looking(selection()) == ALL
    assert looking(selection({"http": frozenset()})) == ALL


@pytest.mark.parametrize(
    ("wanted", "looked"),
    [
        ("virus", {"virus"}),
        ("dmarc", {"dmarc", "spf", "dkim"}),
        ("verdict", {"verdict", "dmarc", "spf", "dkim"}),
    ],
)
def test_request(wanted: str, looked: set[str]) -> None:
    """A request gets what it asks for, with what that needs, and no more."""
    assert looking(selection(), wanted) == looked
    choice = selection().choose("http", INBOUND, frozenset({wanted}))
    assert {why for _, why in choice.left_out} == {"not selected"}


def test_listener() -> None:
    """A door has its own scanners; a request there cannot have more."""
    chooser = selection({"submission": frozenset({"virus", "spf"})})
    assert looking(chooser, listener="submission") == {"virus", "spf"}
    assert looking(chooser, "spf", "dkim", listener="submission") == {"spf"}
    assert looking(chooser, listener="http") == ALL


def test_direction() -> None:
    """A scanner that the operator wants for one direction is left out of the others."""
    chooser = selection(
        virus=ScannerSettings(directions=(INBOUND, Direction.LOCAL)),
    )
    assert looking(chooser) == ALL
    assert looking(chooser, direction=OUTBOUND) == ALL - {"virus"}
    choice = chooser.choose("http", OUTBOUND)
    assert choice.why_not("virus") == "not for outbound mail"


def test_required() -> None:
    """Neither a request nor a listener can do without a required scanner."""
    required = ScannerSettings(required=True)
    chooser = selection({"http": frozenset({"dkim"})}, virus=required)
    assert looking(chooser) == {"dkim", "virus"}
    assert looking(chooser, "spf") == {"virus"}
    outbound = evolve(required, directions=(OUTBOUND,))
    assert looking(selection(virus=outbound), "spf") == {"spf"}


def test_needs_of_what_is_off() -> None:
    """A scanner that is switched off needs nobody."""
    off = ScannerSettings(enabled=Enabled.FALSE)
    assert looking(selection(dmarc=off), "virus", "dmarc") == {"virus", "dmarc"}


def test_needed_in_another_direction() -> None:
    """Who looks gets what it needs, whatever that would do for itself."""
    inbound = ScannerSettings(directions=(INBOUND,))
    looked = looking(selection(spf=inbound), direction=OUTBOUND)
    assert looked == ALL


def test_hashable() -> None:
    """A verdict is kept for one choice: equal ones are one key."""
    first = selection().choose("http", INBOUND, frozenset({"spf"}))
    again = selection().choose("spamd", INBOUND, frozenset({"spf"}))
    assert {first: 1}[again] == 1
    assert first != selection().choose("http", INBOUND)
