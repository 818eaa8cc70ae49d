"""The part that scans: watch, pipeline and policy, made anew at each reload."""

from hashlib import blake2b

from attrs import frozen

import sc
from sc.config.reference import as_yaml, options
from sc.config.schema import Config
from sc.flow import Pipeline
from sc.net.fetcher import GuardedFetcher
from sc.scan.health import ScannerWatch
from sc.scan.pipeline import ScanPipeline
from sc.scan.policy import ScanPolicy, scanner_policies
from sc.scan.selection import Selection
from sc.scan.verdict_cache import VerdictCache
from sc.scan.verdict_json import VerdictSeal
from sc.scanners.ground import Ground
from sc.scanners.registry import build_scanners
from sc.scanners.senders import Senders
from sc.service.asking import fetching
from sc.service.foundation import Foundation


@frozen
class Scanning:
    """@ivar joined: in front of the scanners, where the operator wants it."""

    watch: ScannerWatch
    pipeline: Pipeline
    policy: ScanPolicy
    joined: VerdictCache | None = None

    async def stop(self) -> None:
        """No scan goes on for nobody, and no scanner is probed any more."""
        if self.joined is not None:
            self.joined.stop()
        await self.watch.stop()


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
        GuardedFetcher(clock, base.resolver, fetching(config)),
        frozenset(h.lower().strip(".") for h in config.ignored_link_hosts),
    )
    entries = build_scanners(config.scanners, ground)
    watch = ScannerWatch(entries, base.memory, clock, config.health)
    wanted = {name: frozenset(x.scanners) for name, x in config.listeners.items()}
    selection = Selection(entries, wanted)
    pipeline = ScanPipeline(entries, watch, clock, selection)
    if not config.verdict_cache.enabled:
        return Scanning(watch, pipeline, policy)
    joined = VerdictCache(
        pipeline,
        base.cache,
        VerdictSeal(base.state.key("report.key")),
        base.offload,
        _revision(config),
        config.verdict_cache.ttl,
    )
    return Scanning(watch, joined, policy, joined)


def _revision(config: Config) -> str:
    """Of what changes a verdict; nodes with the same settings have the same."""
    ours = (config.ignored_link_hosts, config.policy.local_networks)
    said = [f"{o.path}={o.default}" for o in options(config.scanners)]
    text = "\n".join((sc.__version__, as_yaml(ours), *said))
    return blake2b(text.encode(), digest_size=16).hexdigest()
