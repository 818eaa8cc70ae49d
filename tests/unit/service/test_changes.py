"""sc.service.changes: what SIGHUP can do, and what it cannot."""

from attrs import evolve

from sc.abuse.providers.settings import NetcraftSettings, ProviderSettings
from sc.abuse.settings import AbuseReportSettings, AutomaticSettings
from sc.config.load import EMBEDDED, Source
from sc.config.schema import load
from sc.net.cache_settings import Backend, CacheSettings
from sc.net.relay_settings import RelaySettings
from sc.scan.settings import PolicySettings, Thresholds
from sc.service.changes import adopted, needs_restart

CONFIG = load(Source(EMBEDDED))
OURS = AbuseReportSettings(
    from_="abuse@example.org", smtp=RelaySettings("127.0.0.1:25")
)


def test_nothing_changed() -> None:
    """The same file asks for nothing."""
    assert needs_restart(CONFIG, CONFIG) == ()


def test_policy_is_adopted() -> None:
    """A threshold counts at once."""
    policy = PolicySettings(inbound=Thresholds(reject=10.0))
    new = evolve(CONFIG, policy=policy)
    assert needs_restart(CONFIG, new) == ()
    assert adopted(CONFIG, new) == new


def test_doors_and_threads_need_a_restart() -> None:
    """What sockets and threads hold is named by its path, and not adopted."""
    http = evolve(CONFIG.listeners["http"], enabled=False)
    policy = PolicySettings(quarantine_address="q@example.org")
    new = evolve(
        CONFIG, threads=5, listeners={**CONFIG.listeners, "http": http}, policy=policy
    )
    assert needs_restart(CONFIG, new) == (
        "listeners.http.enabled",
        "policy.quarantine_address",
        "threads",
    )
    assert adopted(CONFIG, new).threads == CONFIG.threads


def test_cache_needs_a_restart() -> None:
    """Its sockets are open; how long contacts hold goes with it."""
    cache = CacheSettings(backend=Backend.REDIS, expiration_time=60.0)
    new = evolve(CONFIG, cache=cache)
    assert needs_restart(CONFIG, new) == ("cache.backend", "cache.expiration_time")
    assert adopted(CONFIG, new).cache == CONFIG.cache


def test_removed_and_added_doors() -> None:
    """A door that is new is named, option by option."""
    listeners = {**CONFIG.listeners, "extra": CONFIG.listeners["spamd"]}
    paths = needs_restart(CONFIG, evolve(CONFIG, listeners=listeners))
    assert "listeners.extra.endpoint" in paths


def test_reports_are_adopted_but_for_the_relay() -> None:
    """The kill switch needs no restart; the mailbox and the relay do."""
    old = evolve(CONFIG, abuse_report=OURS)
    changed = evolve(OURS, stopped=True, from_="other@example.org", smtp=None)
    new = evolve(CONFIG, abuse_report=changed)
    assert adopted(old, new).abuse_report == evolve(OURS, stopped=True)
    paths = needs_restart(old, new)
    assert "abuse_report.from" in paths
    assert {path.partition(".smtp")[0] for path in paths} <= {
        "abuse_report",
        "abuse_report.from",
    }


def test_automatic_reports_wait_for_their_relay() -> None:
    """What a running daemon cannot send is not begun by a reload."""
    ours = evolve(OURS, on=AutomaticSettings(listeners=("trap",)))
    new = evolve(CONFIG, abuse_report=ours)
    settings = adopted(CONFIG, new).abuse_report
    assert not settings.configured
    assert not settings.on.any


def test_providers_wait_for_their_relay() -> None:
    """Likewise; the reload of all the rest goes on."""
    netcraft = ProviderSettings(netcraft=NetcraftSettings(enabled=True))
    new = evolve(CONFIG, abuse_report=evolve(OURS, providers=netcraft, stopped=True))
    settings = adopted(CONFIG, new).abuse_report
    assert not settings.providers.any
    assert settings.stopped
