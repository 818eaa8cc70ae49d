"""sc.service.changes: what SIGHUP can do, and what it cannot."""

from attrs import evolve

from sc.config.load import EMBEDDED, Source
from sc.config.schema import load
from sc.scan.settings import PolicySettings, Thresholds
from sc.service.changes import adopted, needs_restart

CONFIG = load(Source(EMBEDDED))


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


def test_removed_and_added_doors() -> None:
    """A door that is new is named, option by option."""
    listeners = {**CONFIG.listeners, "extra": CONFIG.listeners["spamd"]}
    paths = needs_restart(CONFIG, evolve(CONFIG, listeners=listeners))
    assert "listeners.extra.endpoint" in paths
