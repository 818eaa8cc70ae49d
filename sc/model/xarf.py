"""What a caller who wants XARF v4 objects must tell: who complains, and of what."""

from enum import Enum
from typing import TypeAlias

from attrs import frozen

Detail: TypeAlias = str | tuple[str, ...]


class LinkType(Enum):
    """Types of XARF's category `content` that a link in a message can be."""

    PHISHING = "phishing"
    MALWARE = "malware"
    FRAUD = "fraud"
    EXPOSED_DATA = "exposed_data"
    BRAND_INFRINGEMENT = "brand_infringement"
    REMOTE_COMPROMISE = "remote_compromise"
    SUSPICIOUS_REGISTRATION = "suspicious_registration"


@frozen
class XarfReporter:
    """
    The complainant.

    @ivar org: its name, at most 200 characters.
    @ivar contact: a mailbox.
    @ivar domain: of the organisation, A-labels.
    """

    org: str
    contact: str
    domain: str


@frozen
class XarfRequest:
    """
    @ivar source_port: from which the message was handed over, if the caller knows.
    @ivar details: the fields that XARF requires for this `link_type`, by its names.
    """

    reporter: XarfReporter
    link_type: LinkType
    source_port: int | None = None
    details: tuple[tuple[str, Detail], ...] = ()
