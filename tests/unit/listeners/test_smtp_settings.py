"""Routes and settings of an LMTP or SMTP listener."""

import pytest

from sc.listeners.smtp.routes import choose
from sc.listeners.smtp.settings import Do, OnReject, Position, Route, SmtpLimits
from tests.fakes.smtp_door import settings

ROUTES = (
    Route("abuse@example.org"),
    Route("*@abuse.example.org", Do.REPORT),
    Route("Trap-?@*", Do.REPORT),
)


@pytest.mark.parametrize(
    ("recipient", "do"),
    [
        ("abuse@example.org", Do.FILTER),
        ("x@abuse.example.org", Do.REPORT),
        ("X@ABUSE.example.ORG", Do.REPORT),
        ("trap-1@anywhere", Do.REPORT),
        ("trap-12@anywhere", Do.FILTER),
        ("x@notabuse.example.org", Do.FILTER),
        ("", Do.FILTER),
    ],
)
def test_routes(recipient: str, do: Do) -> None:
    """The first route that matches the whole address counts, else it is filtered."""
    assert choose(ROUTES, recipient) is do


@pytest.mark.parametrize("pattern", ["", "a b", "a\n"])
def test_bad_pattern(pattern: str) -> None:
    """A pattern that can match no address is told at once."""
    with pytest.raises(ValueError, match="pattern"):
        Route(pattern)


def test_lmtp_before_the_queue() -> None:
    """LMTP hands over what is already queued; the contradiction is told."""
    with pytest.raises(ValueError, match="after the queue"):
        settings("lmtp", position=Position.BEFORE_QUEUE)


@pytest.mark.parametrize(
    ("position", "on_reject", "refuses"),
    [
        (Position.BEFORE_QUEUE, None, True),
        (Position.AFTER_QUEUE, None, False),
        (Position.BEFORE_QUEUE, OnReject.MARK, False),
        (Position.AFTER_QUEUE, OnReject.REFUSE, True),
    ],
)
def test_refuses(position: Position, on_reject: OnReject | None, refuses: bool) -> None:
    """Refusing is the default only where it makes nobody bounce."""
    assert settings("smtp", position=position, on_reject=on_reject).refuses is refuses


@pytest.mark.parametrize(
    "name", ["recipients", "errors", "message_size", "data_timeout"]
)
def test_limits_are_positive(name: str) -> None:
    """A limit of nothing would be a door that is shut."""
    with pytest.raises(ValueError, match=name):
        SmtpLimits(**{name: 0})
