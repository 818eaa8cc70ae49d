"""What an operator may set about decisions."""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from attrs import Factory, field, frozen

from sc.model.complaint import IPNetwork
from sc.model.decision import Action
from sc.scan.reasons import BLOCKED, DENIED, GREYLISTED, LIMITED
from sc.scan.rules import Rule
from sc.scan.symbols import (
    ANY_VIRUS,
    GroupSettings,
    SymbolSettings,
    are_groups,
    are_symbols,
    finite,
)

Scanned: TypeAlias = Mapping[str, Mapping[str, Action]]
"""What follows from a scanner's own action: by scanner, by the action's word."""

_TEXT = re.compile(r"[\x20-\x7e]{0,300}")
_WORDS = tuple(action.value for action in Action)
_ADDRESS = re.compile(r"[\x21-\x3f\x41-\x7e]{1,64}@[A-Za-z0-9.-]{1,255}")
_HOST = re.compile(r"[A-Za-z0-9._-]{0,255}")


def _plain(_instance: object, _attribute: Any, value: str) -> None:
    if not _TEXT.fullmatch(value):
        raise ValueError("must be at most 300 characters of printable ASCII")


def is_address(_instance: object, _attribute: Any, value: str) -> None:
    """@raise ValueError: it is neither empty nor an address."""
    if value and not _ADDRESS.fullmatch(value):
        raise ValueError("must be a mail address")


def _subject(_instance: object, _attribute: Any, value: str) -> None:
    if not _TEXT.fullmatch(value) or "%s" not in value:
        raise ValueError("must be printable ASCII with %s for the old subject")


def _host(_instance: object, _attribute: Any, value: str) -> None:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a host's name")


def _are_actions(_instance: object, _attribute: Any, value: Scanned) -> None:
    for scanner, table in value.items():
        for word in table:
            if word not in _WORDS:
                words = ", ".join(_WORDS)
                raise ValueError(f"{scanner}.{word}: must be one of {words}")


@frozen(kw_only=True)
class Thresholds:
    """
    From which score on an action is taken; empty: never by score.

    @ivar reject: refuse the message.
    @ivar quarantine: keep it aside for a person.
    @ivar rewrite_subject: deliver it with another Subject and our fields.
    @ivar add_header: deliver it marked as spam; the number that SPAMC clients see.
    @ivar greylist: let a stranger's message come again, where `greylist` is enabled;
        elsewhere only the word of that action.
    """

    reject: float | None = field(default=15.0, validator=finite)
    quarantine: float | None = field(default=None, validator=finite)
    rewrite_subject: float | None = field(default=None, validator=finite)
    add_header: float = field(default=6.0, validator=finite)
    greylist: float | None = field(default=None, validator=finite)

    def __attrs_post_init__(self) -> None:
        # SpamAssassin's scale is mapped onto this one.
        if not self.add_header > 0:
            raise ValueError("add_header must be more than 0")
        for name in ("reject", "quarantine", "rewrite_subject"):
            value = getattr(self, name)
            if value is not None and value < self.add_header:
                raise ValueError(f"{name} must not be below add_header")
        if self.greylist is not None and self.greylist > self.add_header:
            raise ValueError("greylist must not be above add_header")


def _overrides() -> dict[str, Action]:
    return {
        ANY_VIRUS: Action.REJECT,
        "EICAR": Action.REJECT,
        "EICAR_UNWANTED": Action.ADD_HEADER,
        "GTUBE": Action.REJECT,
        "GTPHISH": Action.REJECT,
        "GTUBE_ADD_HEADER": Action.ADD_HEADER,
        "GTUBE_REWRITE_SUBJECT": Action.REWRITE_SUBJECT,
        DENIED: Action.REJECT,
        GREYLISTED: Action.SOFT_REJECT,
        LIMITED: Action.SOFT_REJECT,
        BLOCKED: Action.REJECT,
    }


@frozen(kw_only=True)
class PolicySettings:
    """
    From a verdict to an action.

    @ivar inbound: thresholds for mail from strangers.
    @ivar outbound: thresholds for mail of authenticated users and local networks.
    @ivar overrides: symbol (`*` for any) to the least severe action that it allows,
        whatever the score; `no action` switches a default off. A symbol's own name
        counts before patterns. `*_VIRUS` leaves out SpamAssassin's rules (`SA_`),
        which only talk about viruses.
    @ivar scanner_actions: for a scanner with actions of its own (rspamd): its action
        to the least severe one of ours.
    @ivar symbols: symbol (`*` for any) to what it counts: a score, or a weight. A
        symbol's own name counts before patterns, and the first of these.
    @ivar groups: symbols that together count no more than a `max`; a symbol is of the
        first group that has it.
    @ivar rules: what differs for some: recipients, users, networks, directions. The
        first rule that fits counts, and no other.
    @ivar local_networks: clients in them are ours: their mail is outbound.
    @ivar quarantine_address: where SMTP and LMTP send what is to be quarantined.
    @ivar reject_message: what a rejected sender reads; empty: a sentence for the
        reason. The message id follows.
    @ivar subject: for `rewrite subject`; %s is the old one.
    @ivar authserv_id: our name in Authentication-Results; incoming fields with it
        are removed; empty: the host's name.
    """

    inbound: Thresholds = Thresholds()
    outbound: Thresholds = Thresholds()
    overrides: dict[str, Action] = field(
        default=Factory(_overrides), validator=are_symbols
    )
    scanner_actions: dict[str, dict[str, Action]] = field(
        factory=dict, validator=_are_actions
    )
    symbols: dict[str, SymbolSettings] = field(factory=dict, validator=are_symbols)
    groups: dict[str, GroupSettings] = field(factory=dict, validator=are_groups)
    rules: tuple[Rule, ...] = ()
    local_networks: tuple[IPNetwork, ...] = ()
    quarantine_address: str = field(default="", validator=is_address)
    reject_message: str = field(default="", validator=_plain)
    subject: str = field(default="*** SPAM *** %s", validator=_subject)
    authserv_id: str = field(default="", validator=_host)
