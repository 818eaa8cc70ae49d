"""The sender of a report: known again in any case, forged by nobody."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.abuse.bounces.settings import MAX_LOCAL, BounceSettings
from sc.abuse.bounces.verp import ReturnPaths, return_paths

KEY = b"k" * 32
PATHS = ReturnPaths("bounces@example.org", "+", KEY)


def test_known_again() -> None:
    """MTAs may change the case of what they bounce to."""
    sender = PATHS.make("0123456789abcd")
    assert sender.startswith("bounces+0123456789abcd-")
    assert PATHS.report_of(sender) == "0123456789abcd"
    assert PATHS.report_of(sender.upper()) == "0123456789abcd"


def test_fits() -> None:
    """RFC 5321 4.5.3.1.1: 64 octets before the @, with the longest mailbox."""
    settings = BounceSettings("b" * MAX_LOCAL + "@example.org", "-")
    paths = return_paths(settings, KEY)
    assert paths is not None
    sender = paths.make("0123456789abcd")
    assert len(sender.partition("@")[0]) == 64
    assert paths.report_of(sender) == "0123456789abcd"


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "bounces@example.org",
        "bounces+@example.org",
        "bounces+r1@example.org",
        "bounces+r1-@example.org",
        "bounces+r1-aaaaaaaaaaaaaaaa@example.org",
        "bounces+r1-\u00e9@example.org",
        "abuse@example.org",
    ],
)
def test_not_ours(recipient: str) -> None:
    assert PATHS.report_of(recipient) == ""


def test_bound() -> None:
    """Another report, domain, mailbox or key has another MAC."""
    sender = PATHS.make("r1")
    assert PATHS.report_of(sender.replace("r1", "r2")) == ""
    assert PATHS.report_of(sender.replace("example.org", "example.net")) == ""
    assert PATHS.report_of(sender.replace("bounces", "bounce")) == ""
    assert ReturnPaths(PATHS.address, "+", b"x" * 32).report_of(sender) == ""


def test_unset() -> None:
    """Without a mailbox for them, reports have no sender of their own."""
    assert return_paths(BounceSettings(), KEY) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "nobody"},
        {"address": "b" * (MAX_LOCAL + 1) + "@example.org"},
        {"delimiter": ""},
        {"delimiter": "++"},
        {"delimiter": "@"},
        {"dead_days": -1},
        {"dead_after": 0},
        {"grace": 1},
    ],
)
def test_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)) + r"|is not|octets"):
        BounceSettings(**wrong)


@given(st.text(max_size=80))
def test_never_raises(recipient: str) -> None:
    assert PATHS.report_of(recipient + "@example.org") == ""
