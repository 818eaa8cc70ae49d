"""What the part that reports stands on: it stays over a reload."""

from attrs import field, frozen

from sc.abuse.contacts.bootstrap_files import BootstrapFiles
from sc.abuse.contacts.memory import ContactMemory
from sc.abuse.reports.dry_run import DryRun
from sc.abuse.reports.report_id import ReportSeal
from sc.abuse.reports.signer import Signer
from sc.net.resolver import DNSResolver
from sc.service.foundation import Foundation


@frozen
class Grounds:
    """@ivar redaction_key: makes the tokens that stand for recipients."""

    base: Foundation
    resolver: DNSResolver
    files: BootstrapFiles
    memory: ContactMemory
    seal: ReportSeal
    dry_run: DryRun
    redaction_key: bytes = field(repr=False)
    signer: Signer
