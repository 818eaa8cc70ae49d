"""What the part that reports stands on: it stays over a reload."""

from attrs import field, frozen

from sc.abuse.bootstrap_files import BootstrapFiles
from sc.abuse.contact_memory import ContactMemory
from sc.abuse.dry_run import DryRun
from sc.abuse.report_id import ReportSeal
from sc.abuse.signer import Signer
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
