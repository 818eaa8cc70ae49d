"""What a method came to that asks whether a sender is who he says (RFC 8601)."""

from attrs import frozen


@frozen
class Authentication:
    """
    One result; becomes part of an Authentication-Results field.

    @ivar method: `spf`, `dkim`, ...
    @ivar result: in the words of RFC 8601 2.7.
    @ivar properties: what was looked at, such as `header.d` and its domain.
    @ivar reason: why, without a stranger's words; may be empty.
    """

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()
    reason: str = ""
