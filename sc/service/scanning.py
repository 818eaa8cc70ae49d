"""The part that scans: watch, pipeline and policy, made anew at each reload."""

from attrs import frozen

import sc
from sc.config.schema import Config
from sc.scan.health import ScannerWatch
from sc.scan.pipeline import ScanPipeline
from sc.scan.policy import ScanPolicy, scanner_policies
from sc.scanners.registry import build_scanners
from sc.service.foundation import Foundation


@frozen
class Scanning:
    watch: ScannerWatch
    pipeline: ScanPipeline
    policy: ScanPolicy


def build_scanning(config: Config, base: Foundation) -> Scanning:
    """Nothing is probed before the watch is started."""
    clock = base.around.reactor
    entries = build_scanners(config.scanners, clock, base.offload)
    watch = ScannerWatch(entries, base.memory, clock, config.health)
    policies = scanner_policies(config.scanners)
    return Scanning(
        watch,
        ScanPipeline(entries, watch, clock),
        ScanPolicy(config.policy, policies, f"sc {sc.__version__}"),
    )
