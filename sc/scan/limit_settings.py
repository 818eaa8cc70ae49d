"""How much one user may send in an hour."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TypeVar

from attrs import Attribute, field, frozen
from attrs.validators import and_, ge, gt, le, optional

N = TypeVar("N", int, float)


def _pattern(_instance: object, _attribute: "Attribute[str]", value: str) -> None:
    if not value or len(value) > 320 or any(c.isspace() for c in value):
        raise ValueError("must be a pattern of a user's name, without blanks")


def _lower(one: N | None, other: N | None) -> N | None:
    return min((n for n in (one, other) if n is not None), default=None)


@frozen(kw_only=True)
class Limit:
    """
    @ivar messages: that one user may send in an hour; empty: any number.
    @ivar recipients: of all messages that one user sends in an hour; empty: any number.
    @ivar spam_share: of a user's messages of an hour that may be spam, above 0 and up
        to 1; empty: any.
    """

    messages: int | None = field(default=None, validator=optional(ge(1)))
    recipients: int | None = field(default=None, validator=optional(ge(1)))
    spam_share: float | None = field(
        default=None, validator=optional(and_(gt(0), le(1)))
    )

    @property
    def any(self) -> bool:
        """Whether it limits anything."""
        return (self.messages, self.recipients, self.spam_share) != (None, None, None)

    def and_also(self, other: "Limit") -> "Limit":
        """Where both hold: the lower one of each."""
        return Limit(
            messages=_lower(self.messages, other.messages),
            recipients=_lower(self.recipients, other.recipients),
            spam_share=_lower(self.spam_share, other.spam_share),
        )


@frozen(kw_only=True)
class UserLimit(Limit):
    """
    @ivar user: pattern of an authenticated user's name; `*`, `?` and `[abc]` as in
        file names, case does not matter.
    """

    user: str = field(validator=_pattern)


@frozen(kw_only=True)
class LimitSettings(Limit):
    """
    What an authenticated user may send in an hour.

    @ivar spam_from: spam messages of a user in an hour below which no share is too
        much.
    @ivar local_networks: the same for each client in `policy.local_networks` that
        names no user; the client's address is the name.
    @ivar users: other limits for some; the first that matches stands in the place of
        all three.
    """

    spam_from: int = field(default=10, validator=ge(1))
    local_networks: bool = False
    users: tuple[UserLimit, ...] = ()

    def of(self, user: str) -> Limit:
        """@param user: or the address of a client in our networks."""
        return next(self._special(user.lower()), self)

    def _special(self, user: str) -> Iterator[Limit]:
        return (u for u in self.users if fnmatchcase(user, u.user.lower()))
