"""The whole configuration: one value, from one file, with every default."""

import attrs
import yaml
from attrs import field, frozen

from sc.abuse.contacts.finder import ContactSettings
from sc.abuse.reports.signing_keys import SigningKeyError, read_key
from sc.abuse.settings import AbuseReportSettings
from sc.abuse.shorteners.following import ShortenerSettings, are_hosts
from sc.access import AccessSettings
from sc.attached.settings import AttachedSettings
from sc.config.listeners import DEFAULTS, Listener, Protocol, read_listeners
from sc.config.load import Source, read_nodes
from sc.config.policy_checks import check_policy
from sc.config.problems import ConfigError
from sc.config.structure import Structurer, child
from sc.history.settings import HistorySettings
from sc.model.report import Boundary
from sc.net.cache_settings import CacheSettings
from sc.net.resolver import ResolverSettings
from sc.outbox.settings import OutboxSettings
from sc.scan.greylist_settings import GreylistSettings
from sc.scan.health import HealthSettings
from sc.scan.limit_settings import LimitSettings
from sc.scan.list_entry import Kind
from sc.scan.list_settings import ListsSettings
from sc.scan.outbound import OnReject, OutboundSettings
from sc.scan.outbreak_settings import OutbreakSettings
from sc.scan.policy import may_quarantine, scanner_policies
from sc.scan.settings import PolicySettings
from sc.scan.verdict_cache import VerdictCacheSettings
from sc.scanners import dmarc
from sc.scanners.naming import naming_problems
from sc.scanners.registry import ScannersSettings
from sc.scanners.settings import Enabled
from sc.store.settings import StoreSettings


@frozen(kw_only=True)
class Config:
    """
    What the operator decided.

    @ivar state_dir: what must survive a restart; empty: $STATE_DIRECTORY, else
        /var/lib/sc if it can be written, else ./var.
    @ivar threads: for CPU work on larger messages, off the event loop.
    @ivar listeners: the doors; a new name opens another one.
    @ivar scanners: who looks at each message.
    @ivar health: how the scanners are watched.
    @ivar lists: who is let in, and who is kept out.
    @ivar greylist: whose first mail has to come again.
    @ivar policy: what follows from a verdict.
    @ivar outbound: what becomes of spam of authenticated users and local networks.
    @ivar limits: how much our own users may send.
    @ivar outbreak: when the spam of one of them is an incident.
    @ivar access: who may ask for what; loopback may all but `admin`.
    @ivar resolver: our own DNS client.
    @ivar trusted_boundary: whose Received fields we believe.
    @ivar contacts: who to tell for a network.
    @ivar cache: where what may be lost is remembered.
    @ivar ignored_link_hosts: hosts that no complaint names, with their subdomains.
    @ivar attached_links: which attachments of a reported message are read for links.
    @ivar url_shorteners_to_follow: hosts whose short links are followed to where they
        lead, besides those that we know; without a value only those; `[]`: none.
    @ivar shorteners: what is done with links of `url_shorteners_to_follow`.
    @ivar abuse_report: how reports leave; nothing is sent without it.
    @ivar history: what `scctl explain` can tell.
    @ivar outbox: how often a report is tried, and how long it is kept.
    @ivar store: where reports and requests lie.
    @ivar verdict_cache: what scanners found, used again when an MTA comes again.
    """

    state_dir: str | None = None
    threads: int = field(default=2, validator=attrs.validators.in_(range(1, 65)))
    listeners: dict[str, Listener] = field(factory=lambda: dict(DEFAULTS))
    scanners: ScannersSettings = ScannersSettings()
    health: HealthSettings = HealthSettings()
    lists: ListsSettings = ListsSettings()
    greylist: GreylistSettings = GreylistSettings()
    policy: PolicySettings = PolicySettings()
    outbound: OutboundSettings = OutboundSettings()
    limits: LimitSettings = LimitSettings()
    outbreak: OutbreakSettings = OutbreakSettings()
    access: AccessSettings = AccessSettings()
    resolver: ResolverSettings = ResolverSettings()
    trusted_boundary: Boundary = Boundary()
    contacts: ContactSettings = ContactSettings()
    cache: CacheSettings = CacheSettings()
    ignored_link_hosts: tuple[str, ...] = ()
    attached_links: AttachedSettings = AttachedSettings()
    url_shorteners_to_follow: tuple[str, ...] | None = field(
        default=None, validator=are_hosts
    )
    shorteners: ShortenerSettings = ShortenerSettings()
    abuse_report: AbuseReportSettings = AbuseReportSettings()
    history: HistorySettings = HistorySettings()
    outbox: OutboxSettings = OutboxSettings()
    store: StoreSettings = StoreSettings()
    verdict_cache: VerdictCacheSettings = VerdictCacheSettings()


def load(source: Source) -> Config:
    """
    Read and check everything; nothing listens yet.

    @raise ConfigError: with every error that was found.
    """
    root = read_nodes(source)
    structurer = Structurer()
    if root is not None:
        structurer.mapping(root, "")
    node = _without_listeners(root)
    config: Config = structurer.read(node, Config, "", Config())
    listeners = read_listeners(structurer, child(root, "listeners"))
    if not structurer.problems:
        _check(structurer, root, config, listeners)
    if structurer.problems:
        problems = sorted(structurer.problems, key=lambda p: p.line)
        raise ConfigError(source.name, tuple(problems))
    return attrs.evolve(config, listeners=listeners)


def _without_listeners(root: yaml.Node | None) -> yaml.Node | None:
    """Each listener has a class of its own, by its protocol."""
    if not isinstance(root, yaml.MappingNode):
        return root
    pairs = [(key, value) for key, value in root.value if key.value != "listeners"]
    return yaml.MappingNode(root.tag, pairs, root.start_mark, root.end_mark)


def _check(
    structurer: Structurer,
    root: yaml.Node | None,
    config: Config,
    listeners: dict[str, Listener],
) -> None:
    """What no part can see alone."""
    doors = [n for n, x in listeners.items() if x.enabled and _relays(x)]
    possible = config.outbound.reject is OnReject.QUARANTINE or may_quarantine(
        config.policy, scanner_policies(config.scanners.by_name)
    )
    known = config.policy.quarantine_address or not possible
    if root is not None and doors and not known:
        structurer.note(
            "policy.quarantine_address",
            child(root, "policy") or child(root, "outbound") or root,
            f"is missing: a message can be quarantined, and {doors[0]} would not"
            " know where to send it",
        )
    _check_names(structurer, child(root, "scanners"), config)
    _check_selected(structurer, child(root, "listeners"), config, listeners)
    _check_dmarc(structurer, child(root, "scanners"), config.scanners)
    policy = child(root, "policy")
    check_policy(structurer, policy, config.policy, config.scanners)
    _check_notices(structurer, child(root, "outbreak"), config)
    _check_senders(structurer, child(child(root, "lists"), "allow"), config)
    _check_greylist(structurer, child(root, "greylist"), config, listeners)
    reports = child(root, "abuse_report")
    _check_keys(structurer, child(reports, "dkim"), config)
    for name in config.abuse_report.on.listeners:
        if name not in listeners and reports is not None:
            place = child(child(reports, "on"), "listeners") or reports
            text = f"{name!r} is no listener: nothing would be reported"
            structurer.note("abuse_report.on.listeners", place, text)


def _check_notices(
    structurer: Structurer, node: yaml.Node | None, config: Config
) -> None:
    """They leave through the outbox, which sends nothing without its own settings."""
    webhook = child(node, "webhook")
    told = (
        ("outbreak.notify", child(node, "notify"), config.outbreak.notify),
        ("outbreak.webhook.url", child(webhook, "url"), config.outbreak.webhook.url),
    )
    able = config.abuse_report.from_ and config.abuse_report.smtp
    for path, place, value in told:
        if value and place is not None and not able:
            text = "needs abuse_report.from and abuse_report.smtp: nothing would leave"
            structurer.note(path, place, text)


def _check_names(
    structurer: Structurer, node: yaml.Node | None, config: Config
) -> None:
    """What the operator calls his scanners is told at its own line."""
    for problem in naming_problems(config.scanners):
        group = child(node, problem.group)
        assert isinstance(group, yaml.MappingNode), "there is none by default"
        place = next(key for key, _ in group.value if key.value == problem.name)
        path = f"scanners.{problem.group}.{problem.name}"
        structurer.note(path, place, problem.text)


def _check_selected(
    structurer: Structurer,
    node: yaml.Node | None,
    config: Config,
    listeners: dict[str, Listener],
) -> None:
    """A door that asks for a scanner that does not exist would do without."""
    for name, listener in listeners.items():
        place = child(child(node, name), "scanners")
        unknown = [s for s in listener.scanners if s not in config.scanners.by_name]
        if unknown and place is not None:
            text = f"{unknown[0]!r} is no scanner"
            structurer.note(f"listeners.{name}.scanners", place, text)


def _check_senders(
    structurer: Structurer, node: yaml.Node | None, config: Config
) -> None:
    """A sender whom nothing can prove would never be let in."""
    if node is None or config.scanners.spf.enabled is not Enabled.FALSE:
        return
    for entry in config.lists.allowed:
        if entry.kind is Kind.SENDER and entry.network is None:
            text = f"{str(entry)!r} needs `from` a network, or scanners.spf"
            structurer.note("lists.allow", node, text)


def _check_greylist(
    structurer: Structurer,
    node: yaml.Node | None,
    config: Config,
    listeners: dict[str, Listener],
) -> None:
    """Where no stranger waits, nobody could be told to come again."""
    facing = any(listener.faces_strangers for listener in listeners.values())
    enabled = child(node, "enabled")
    if config.greylist.enabled and enabled is not None and not facing:
        text = "no listener faces strangers: one needs `greylist: true`"
        structurer.note("greylist.enabled", enabled, text)


def _check_dmarc(
    structurer: Structurer, node: yaml.Node | None, scanners: ScannersSettings
) -> None:
    """It judges by what others found: without them, good mail would fail."""
    off = [n for n in dmarc.NEEDS if scanners.by_name[n].enabled is Enabled.FALSE]
    place = child(child(node, dmarc.NAME), "enabled")
    if off and place is not None and scanners.dmarc.enabled is not Enabled.FALSE:
        text = f"needs scanners.{off[0]}, which is switched off"
        structurer.note("scanners.dmarc.enabled", place, text)


def _check_keys(structurer: Structurer, node: yaml.Node | None, config: Config) -> None:
    """A key that cannot sign is an error of its line, not of the first report."""
    several = isinstance(node, yaml.SequenceNode)
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for index, settings in enumerate(config.abuse_report.dkim):
        try:
            read_key(settings)
        except SigningKeyError as e:
            path = f"abuse_report.dkim{f'[{index}]' if several else ''}.key_file"
            key_file = child(nodes[index], "key_file")
            assert key_file is not None, "it has no default"
            structurer.note(path, key_file, f"{settings.key_file} {e}")


def _relays(listener: Listener) -> bool:
    return listener.protocol in (Protocol.LMTP, Protocol.SMTP)
