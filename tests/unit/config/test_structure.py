"""sc.config.structure: YAML nodes to typed settings, with every error told."""

from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
import yaml
from attrs import field, frozen, validators

from sc.config.structure import Structurer


class Mode(Enum):
    ON = "true"
    OFF = "false"
    AUTO = "auto"


@frozen
class Inner:
    port: int = field(default=25, validator=validators.lt(65536))
    wait: float = 5.0


@frozen
class Place:
    host: str = field(metadata={"alone": True}, validator=validators.max_len(9))
    wait: float = 5.0


@frozen
class Outer:
    name: str = "sc"
    from_: str | None = field(default=None, metadata={"key": "from"})
    mode: Mode = Mode.AUTO
    on: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    inner: Inner = Inner()
    by_name: dict[str, Inner] = field(factory=dict)
    place: Place | None = None


@frozen
class Strict:
    needed: str
    low: int = 1
    high: int = 2

    def __attrs_post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low must not be above high")


def read(text: str, base: Outer | None = None) -> Outer:
    structurer = Structurer()
    value = structurer.read(yaml.compose(text), Outer, "", base)
    assert not structurer.problems
    assert isinstance(value, Outer)
    return value


def problems(text: str, wanted: type = Outer) -> list[tuple[str, int, str]]:
    structurer = Structurer()
    structurer.read(yaml.compose(text), wanted, "")
    return [(p.path, p.line, p.text) for p in structurer.problems]


def test_words_stay_words() -> None:
    """YAML's guesses do not reach a text: `no` and `022` are what they look like."""
    assert read("name: no").name == "no"
    assert read("from: 022").from_ == "022"


@pytest.mark.parametrize(
    ("text", "mode"), [("yes", Mode.ON), ("off", Mode.OFF), ("auto", Mode.AUTO)]
)
def test_switches(text: str, mode: Mode) -> None:
    """A three-way switch takes YAML's words for true and false."""
    assert read(f"mode: {text}").mode is mode


def test_units() -> None:
    """Sizes and times may carry their unit."""
    inner = read("inner: {port: 2k, wait: 3m}").inner
    assert (inner.port, inner.wait) == (2048, 180.0)


def test_one_value_is_a_list() -> None:
    """Where a list is asked for, one value will do; an empty one is none."""
    assert read("networks: 192.0.2.0/24").networks == (ip_network("192.0.2.0/24"),)
    assert len(read("networks: [192.0.2.0/24, '2001:db8::/32']").networks) == 2
    assert read("networks:").networks == ()


def test_merged_over_the_base() -> None:
    """What a mapping leaves out comes from the defaults, key by key."""
    base = Outer(name="base", by_name={"a": Inner(1), "b": Inner(2)})
    merged = read("by_name: {a: {wait: 1}}", base)
    assert merged.name == "base"
    assert merged.by_name == {"a": Inner(1, 1.0), "b": Inner(2)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nmae: x", ("nmae", 1, "no such option; did you mean name?")),
        ("name: x\nname: y", ("name", 2, "stands here a second time")),
        ("\ninner:\n  port: 70000", ("inner.port", 3, "must be < 65536: 70000")),
        ("on: maybe", ("on", 1, "must be true or false")),
        ("mode: never", ("mode", 1, "must be one of true, false, auto")),
        ("inner: 3", ("inner", 1, "must be a mapping of names to values")),
        ("name: [a]", ("name", 1, "must be a text")),
        ("name:", ("name", 1, "must be a text, not empty")),
        ("inner: {port: -1}", None),
        ("inner: {wait: 3x}", None),
        ("by_name: {a: {port: x}}", None),
    ],
)
def test_errors(text: str, expected: tuple[str, int, str] | None) -> None:
    """Each error names its path and its line."""
    found = problems(text)
    assert len(found) == 1
    assert expected is None or found[0] == expected


def test_network_with_host_bits() -> None:
    """A network that is an address with a mask is told apart, with the reason."""
    [(path, _, text)] = problems("networks: [192.0.2.1/24]")
    assert path == "networks[0]"
    assert "has host bits set" in text


def test_all_errors_are_told() -> None:
    """One run names every error, not only the first."""
    assert len(problems("on: x\nmode: y\ninner: {port: z, q: 1}")) == 4


def test_missing_and_impossible() -> None:
    """A missing key and values that contradict each other are errors, too."""
    assert problems("low: 1", Strict) == [("needed", 1, "is missing")]
    assert problems("{needed: x, low: 3}", Strict) == [
        ("(top)", 1, "low must not be above high")
    ]


def test_nothing_is_the_base() -> None:
    """An empty document leaves the defaults as they are."""
    assert Structurer().read(None, Outer, "", Outer("x")) == Outer("x")


def test_unknown_type_is_our_bug() -> None:
    """A settings class with a type that YAML cannot give is refused loudly."""
    with pytest.raises(TypeError, match="settings cannot hold"):
        Structurer().read(yaml.compose("x"), bytes, "")


def test_alone() -> None:
    """What is mostly given by one value may be written as that value."""
    assert read("place: mx").place == Place("mx")
    assert read("place: {host: mx, wait: 7}").place == Place("mx", 7.0)
    assert read("place:").place is None
    base = Outer(place=Place("old", 9.0))
    assert read("place: mx", base).place == Place("mx")
    assert problems("\nplace: much-too-long")[0][:2] == ("place", 2)
    assert problems("inner: 25")[0][2] == "must be a mapping of names to values"
