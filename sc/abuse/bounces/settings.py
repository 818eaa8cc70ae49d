"""What comes back for our reports: what the operator may say about it."""

from attrs import Attribute, field, frozen, validators

from sc.abuse.contacts.mailbox import mailbox

DELIMITERS = "+-=_.#~%"
"""What MTAs use between a mailbox and its extension; one octet each."""

MAX_LOCAL = 32
"""Octets of the local part: RFC 5321 4.5.3.1.1 has 64, id, MAC and marks need 32."""


def _is_address(_: object, __: "Attribute[str]", value: str) -> None:
    if value and mailbox(value) != value:
        raise ValueError(f"{value!r} is not a mailbox such as bounces@example.org")
    if len(value.partition("@")[0]) > MAX_LOCAL:
        raise ValueError(f"{value!r} has more than {MAX_LOCAL} octets before the @")


def _is_delimiter(_: object, __: "Attribute[str]", value: str) -> None:
    if len(value) != 1 or value not in DELIMITERS:
        raise ValueError(f"{value!r} is not one of {' '.join(DELIMITERS)}")


@frozen
class BounceSettings:
    """
    @ivar address: the mailbox that a route `do: bounces` takes: the sender of each
        report is then `bounces+ID-MAC@example.org`, which only we can make. Empty:
        `from` is the sender.
    @ivar delimiter: what your MTA has between a mailbox and its extension
        (`recipient_delimiter` of Postfix).
    @ivar dead_days: days for which a desk gets no report when its mailbox turned out
        not to exist; 0: it gets them all the same.
    @ivar dead_after: bounces for other reasons, without a report between them that
        arrived, after which a desk counts as dead, too.
    @ivar grace: seconds that a desk has to act before what it heard about counts as
        seen again.
    """

    address: str = field(default="", validator=_is_address)
    delimiter: str = field(default="+", validator=_is_delimiter)
    dead_days: float = field(
        default=30.0, validator=[validators.ge(0), validators.le(365)]
    )
    dead_after: int = field(default=3, validator=[validators.ge(1), validators.le(100)])
    grace: float = field(
        default=43_200.0, validator=[validators.ge(60.0), validators.le(2_592_000.0)]
    )
