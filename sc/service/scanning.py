"""The part that scans: watch, pipeline and policy, made anew at each reload."""

from attrs import frozen

import sc
from sc.config.schema import Config
from sc.scan.health import ScannerWatch
from sc.scan.pipeline import ScanPipeline
from sc.scan.policy import ScanPolicy, scanner_policies
from sc.scan.selection import Selection
from sc.scanners.ground import Ground
from sc.scanners.registry import build_scanners
from sc.scanners.senders import Senders
from sc.service.foundation import Foundation


@frozen
class Scanning:
    watch: ScannerWatch
    pipeline: ScanPipeline
    policy: ScanPolicy


def build_scanning(config: Config, base: Foundation) -> Scanning:
    """Nothing is probed before the watch is started."""
    clock = base.around.reactor
    policies = scanner_policies(config.scanners.by_name)
    software = f"sc {sc.__version__}"
    policy = ScanPolicy(
        config.policy, policies, software, config.outbound, base.hostname
    )
    senders = Senders(clock, base.resolver, policy.direction)
    ground = Ground(
        clock,
        base.offload,
        senders,
        base.resolver,
        base.cache,
        base.scratch,
        frozenset(h.lower().strip(".") for h in config.ignored_link_hosts),
    )
    entries = build_scanners(config.scanners, ground)
    watch = ScannerWatch(entries, base.memory, clock, config.health)
    wanted = {name: frozenset(x.scanners) for name, x in config.listeners.items()}
    selection = Selection(entries, wanted)
    return Scanning(watch, ScanPipeline(entries, watch, clock, selection), policy)
