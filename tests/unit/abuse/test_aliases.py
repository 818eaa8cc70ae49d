"""sc.abuse.aliases: who gets a desk's reports in its place."""

import pytest

from sc.abuse.aliases import RingError, check, final

TABLE = {
    "abuse@Net.example": "soc@net.example",
    "soc@net.example": "desk@soc.example",
    "hosting.example": "abuse@hosting.example",
}


@pytest.mark.parametrize(
    ("contact", "recipient"),
    [
        ("Abuse@net.example", "desk@soc.example"),
        ("soc@net.example", "desk@soc.example"),
        ("noc@net.example", "noc@net.example"),
        ("noc@eu.hosting.example", "abuse@hosting.example"),
        ("ABUSE@hosting.example", "ABUSE@hosting.example"),
        ("noc@nothosting.example", "noc@nothosting.example"),
    ],
)
def test_final(contact: str, recipient: str) -> None:
    """An alias is followed until nobody stands in its place."""
    check(TABLE)
    assert final(contact, TABLE) == recipient


def test_everybody() -> None:
    """`*` catches who is not named, and does not catch itself."""
    table = {"*": "me@example.net", "a@x.example": "b@x.example", "x.example": "c@d.e"}
    check({"*": "me@example.net"})
    assert final("abuse@net.example", table) == "me@example.net"


@pytest.mark.parametrize(
    "table",
    [
        {"a@x.example": "b@x.example", "b@x.example": "A@x.example"},
        {"x.example": "a@y.example", "y.example": "a@x.example"},
        {"*": "a@y.example", "y.example": "a@x.example"},
    ],
)
def test_ring(table: dict[str, str]) -> None:
    """A table that leads nowhere is refused."""
    with pytest.raises(RingError, match="in its own place"):
        check(table)
