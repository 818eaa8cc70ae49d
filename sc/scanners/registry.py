"""The scanners, listed by hand in the order of every answer."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from sc.scanners import (
    arc,
    attachments,
    bogofilter,
    clamav,
    command,
    dcc,
    dkim,
    dmarc,
    dnsbl,
    dspam,
    headers,
    icap,
    links,
    maildmarc,
    milter,
    patterns,
    pyzor,
    razor,
    rspamd,
    spamassassin,
    spf,
    uribl,
    virustotal,
)
from sc.scanners.arc import ARCSettings
from sc.scanners.attachments import AttachmentsSettings
from sc.scanners.bogofilter import BogofilterSettings
from sc.scanners.clamav import ClamAVSettings
from sc.scanners.command import CommandSettings
from sc.scanners.dcc import DCCSettings
from sc.scanners.dkim import DKIMSettings
from sc.scanners.dmarc import DMARCSettings
from sc.scanners.dnsbl import DNSBLSettings
from sc.scanners.dspam import DSPAMSettings
from sc.scanners.ground import Ground
from sc.scanners.headers import HeadersSettings
from sc.scanners.icap import ICAPSettings
from sc.scanners.interface import Scanner
from sc.scanners.links import LinksSettings
from sc.scanners.maildmarc import MailDMARCSettings
from sc.scanners.milter import MilterSettings
from sc.scanners.naming import by_name
from sc.scanners.patterns import PatternsSettings
from sc.scanners.pyzor import PyzorSettings
from sc.scanners.razor import RazorSettings
from sc.scanners.rspamd import RspamdSettings
from sc.scanners.settings import ScannerSettings
from sc.scanners.spamassassin import SpamAssassinSettings
from sc.scanners.spf import SPFSettings
from sc.scanners.uribl import URIBLSettings
from sc.scanners.virustotal import VirusTotalSettings

BUILDERS: Mapping[str, Callable[[Any, Ground], Scanner]] = MappingProxyType(
    {
        "patterns": patterns.build,
        "headers": headers.build,
        "links": links.build,
        "attachments": attachments.build,
        "clamav": clamav.build,
        "spamassassin": spamassassin.build,
        "rspamd": rspamd.build,
        "dcc": dcc.build,
        "spf": spf.build,
        "dkim": dkim.build,
        "arc": arc.build,
        "dmarc": dmarc.build,
        "maildmarc": maildmarc.build,
        "dnsbl": dnsbl.build,
        "uribl": uribl.build,
        "virustotal": virustotal.build,
        "bogofilter": bogofilter.build,
        "dspam": dspam.build,
        "razor": razor.build,
        "pyzor": pyzor.build,
    }
)


NAMED: Mapping[type[ScannerSettings], Callable[[str, Any, Ground], Scanner]] = (
    MappingProxyType(
        {
            CommandSettings: command.build,
            MilterSettings: milter.build,
            ICAPSettings: icap.build,
        }
    )
)
"""By the class of their settings: scanners that stand in a mapping, by any name."""


@frozen(kw_only=True)
class ScannersSettings:
    """
    One entry for each scanner, in the order of every answer; a mapping is several
    scanners, with names that the operator chose.

    @ivar commands: programs; each becomes a scanner of its name.
    @ivar milters: filters of mail servers; each becomes a scanner of its name.
    @ivar icap: virus scanners that speak ICAP; each becomes a scanner of its name.
    """

    patterns: PatternsSettings = PatternsSettings()
    headers: HeadersSettings = HeadersSettings()
    links: LinksSettings = LinksSettings()
    attachments: AttachmentsSettings = AttachmentsSettings()
    clamav: ClamAVSettings = ClamAVSettings()
    spamassassin: SpamAssassinSettings = SpamAssassinSettings()
    rspamd: RspamdSettings = RspamdSettings()
    dcc: DCCSettings = DCCSettings()
    spf: SPFSettings = SPFSettings()
    dkim: DKIMSettings = DKIMSettings()
    arc: ARCSettings = ARCSettings()
    dmarc: DMARCSettings = DMARCSettings()
    maildmarc: MailDMARCSettings = MailDMARCSettings()
    dnsbl: DNSBLSettings = DNSBLSettings()
    uribl: URIBLSettings = URIBLSettings()
    virustotal: VirusTotalSettings = VirusTotalSettings()
    bogofilter: BogofilterSettings = BogofilterSettings()
    dspam: DSPAMSettings = DSPAMSettings()
    razor: RazorSettings = RazorSettings()
    pyzor: PyzorSettings = PyzorSettings()
    commands: dict[str, CommandSettings] = field(factory=dict)
    milters: dict[str, MilterSettings] = field(factory=dict)
    icap: dict[str, ICAPSettings] = field(factory=dict)

    @property
    def by_name(self) -> dict[str, ScannerSettings]:
        return by_name(self)


@frozen
class Registered:
    """A scanner and what the operator set for it."""

    scanner: Scanner
    settings: ScannerSettings

    @property
    def name(self) -> str:
        return self.scanner.name


def build_scanners(
    settings: ScannersSettings, ground: Ground
) -> tuple[Registered, ...]:
    """Every scanner that exists, switched off or not; nothing is asked yet."""
    return tuple(
        Registered(_build(name, own, ground), own)
        for name, own in settings.by_name.items()
    )


def _build(name: str, settings: ScannerSettings, ground: Ground) -> Scanner:
    named = NAMED.get(type(settings))
    return named(name, settings, ground) if named else BUILDERS[name](settings, ground)
