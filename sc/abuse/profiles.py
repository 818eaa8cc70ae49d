"""How a desk wants its reports: what the operator says about it, and the rest. Pure."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeVar

from attrs import Attribute, field, frozen, validators

from sc.abuse.matching import matches
from sc.model.xarf import LinkType

T = TypeVar("T")

MAX_ATTACHED = 16 << 20

PLAIN_TYPES = (LinkType.PHISHING, LinkType.MALWARE)
"""The others need details that only somebody who looked at the site can tell."""


class ReportFormat(Enum):
    ARF = "arf"
    XARF = "xarf"


def _link_type(
    _: object, __: "Attribute[LinkType | None]", value: LinkType | None
) -> None:
    if value is not None and value not in PLAIN_TYPES:
        words = " or ".join(kind.value for kind in PLAIN_TYPES)
        raise ValueError(f"must be {words}: XARF wants details for the others")


@frozen(kw_only=True)
class Profile:
    """
    What one desk, or all of a domain, wants. What it leaves out says the next larger
    match, and at last `abuse_report` itself.

    @ivar format: `arf`, which everybody reads and is the default, or `xarf`: a mail
        with an XARF v4 report for each relay and each host.
    @ivar link_type: `phishing` or `malware`: what XARF calls the links. Without it,
        links are told in ARF.
    @ivar redact: recipients' addresses become tokens.
    @ivar attach_up_to: octets of a message that is attached whole.
    @ivar auto_submitted: mark reports as automatic.
    """

    format: ReportFormat | None = None
    link_type: LinkType | None = field(default=None, validator=_link_type)
    redact: bool | None = None
    attach_up_to: int | None = field(
        default=None,
        validator=validators.optional([validators.ge(0), validators.le(MAX_ATTACHED)]),
    )
    auto_submitted: bool | None = None


@frozen
class Manner:
    """
    How one report is written.

    @ivar link_type: None: XARF has no word for these links.
    """

    format: ReportFormat
    link_type: LinkType | None
    redact: bool
    attach_up_to: int
    auto_submitted: bool


def manner(address: str, profiles: Mapping[str, Profile], usual: Manner) -> Manner:
    """
    @param usual: for what no profile says.
    """
    said = tuple(matches(address, profiles))
    return Manner(
        _first((one.format for one in said), usual.format),
        _first((one.link_type for one in said), usual.link_type),
        _first((one.redact for one in said), usual.redact),
        _first((one.attach_up_to for one in said), usual.attach_up_to),
        _first((one.auto_submitted for one in said), usual.auto_submitted),
    )


def _first(said: Iterable[T | None], usual: T) -> T:
    return next((value for value in said if value is not None), usual)
