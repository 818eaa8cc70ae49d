"""What differs for some: recipients, users, networks, directions."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from attrs import field, frozen

from sc.model.complaint import IPNetwork
from sc.model.decision import Action
from sc.model.envelope import Direction, Envelope, IPAddress
from sc.scan.symbols import SymbolSettings, are_symbols, finite


def _are_patterns(_instance: object, _attribute: Any, value: Iterable[str]) -> None:
    for pattern in value:
        if not pattern or len(pattern) > 320 or not pattern.isprintable():
            raise ValueError("must be addresses, domains or names, * for any")


@frozen(kw_only=True)
class RuleThresholds:
    """
    In place of those of the direction; empty: as there. From 1000 on: never by score.

    @ivar reject: refuse the message.
    @ivar quarantine: keep it aside for a person.
    @ivar rewrite_subject: deliver it with another Subject and our fields.
    @ivar add_header: deliver it marked as spam.
    """

    reject: float | None = field(default=None, validator=finite)
    quarantine: float | None = field(default=None, validator=finite)
    rewrite_subject: float | None = field(default=None, validator=finite)
    add_header: float | None = field(default=None, validator=finite)


@frozen(kw_only=True)
class Rule:
    """
    For whom, and what is different. All conditions that it names must hold.

    @ivar recipients: addresses (`*` for any) or whole domains.
    @ivar users: authenticated senders (`*` for any).
    @ivar networks: of the client.
    @ivar directions: inbound, outbound, local.
    @ivar thresholds: those that differ.
    @ivar overrides: as `policy.overrides`, and before those.
    @ivar symbols: as `policy.symbols`, and before those.
    """

    recipients: tuple[str, ...] = field(default=(), validator=_are_patterns)
    users: tuple[str, ...] = field(default=(), validator=_are_patterns)
    networks: tuple[IPNetwork, ...] = ()
    directions: tuple[Direction, ...] = ()
    thresholds: RuleThresholds = RuleThresholds()
    overrides: dict[str, Action] = field(factory=dict, validator=are_symbols)
    symbols: dict[str, SymbolSettings] = field(factory=dict, validator=are_symbols)

    def __attrs_post_init__(self) -> None:
        if not (self.recipients or self.users or self.networks or self.directions):
            raise ValueError("must say for whom: recipients, users, networks, ...")

    def matches(
        self, envelope: Envelope, direction: Direction, recipient: str | None
    ) -> bool:
        return (
            (not self.directions or direction in self.directions)
            and (not self.networks or _within(envelope.client_ip, self.networks))
            and (not self.users or _is_one(envelope.user, self.users))
            and (not self.recipients or _is_for(recipient, self.recipients))
        )


def _within(ip: IPAddress | None, networks: Iterable[IPNetwork]) -> bool:
    if ip is None:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip.version == n.version and ip in n for n in networks)


def _is_one(name: str | None, patterns: Iterable[str]) -> bool:
    if not name:
        return False
    lowered = name.lower()
    return any(fnmatchcase(lowered, pattern.lower()) for pattern in patterns)


def _is_for(recipient: str | None, patterns: Iterable[str]) -> bool:
    """A pattern without `@` is about the domain, which may end in a dot."""
    if not recipient:
        return False
    address = recipient.removesuffix(".")
    domain = address.rpartition("@")[2]
    return any(_is_one(address if "@" in p else domain, (p,)) for p in patterns)
