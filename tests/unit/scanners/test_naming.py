"""sc.scanners.naming: scanners whose names the operator chose."""

import pytest
from attrs import field, frozen

from sc.scanners.naming import by_name, naming_problems, symbol_prefix
from sc.scanners.settings import ScannerSettings

ONE = ScannerSettings()


@frozen
class Settings:
    """One scanner of ours, and two mappings of the operator's."""

    clamav: ScannerSettings = ONE
    commands: dict[str, ScannerSettings] = field(factory=dict)
    icap: dict[str, ScannerSettings] = field(factory=dict)


def problems(settings: Settings) -> list[tuple[str, str, str]]:
    return [(p.group, p.name, p.text) for p in naming_problems(settings)]


def test_order() -> None:
    """A mapping's scanners stand where the mapping stands."""
    other = ScannerSettings(timeout=5.0)
    settings = Settings(icap={"gate": other}, commands={"b": ONE, "a": other})
    assert list(by_name(settings).items()) == [
        ("clamav", ONE),
        ("b", ONE),
        ("a", other),
        ("gate", other),
    ]
    assert not problems(settings)


def test_symbols() -> None:
    """Symbols have no hyphen."""
    assert symbol_prefix("f-prot_6") == "F_PROT_6"


@pytest.mark.parametrize("name", ["", "9", "Eset", "e set", "é", "a\n", "a" * 33, "-a"])
def test_impossible_names(name: str) -> None:
    """A name can stand in symbols, log lines and paths."""
    [(group, told, text)] = problems(Settings(commands={name: ONE}))
    assert (group, told) == ("commands", name)
    assert text.startswith("must be a letter")


@pytest.mark.parametrize("name", ["clamav", "icap", "sa", "sc"])
def test_taken_names(name: str) -> None:
    """Nobody's symbols seem to be another one's."""
    [(_, _, text)] = problems(Settings(commands={name: ONE}))
    assert text.startswith("cannot be a name")


def test_names_that_differ_by_a_hyphen() -> None:
    """Two mappings share one set of names."""
    [(group, name, _)] = problems(Settings(commands={"f-s": ONE}, icap={"f_s": ONE}))
    assert (group, name) == ("icap", "f_s")
