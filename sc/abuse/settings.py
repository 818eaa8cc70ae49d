"""What the operator may say about reports of abuse."""

import re
from email.utils import parseaddr
from typing import TypeVar

from attrs import Attribute, field, frozen, validators

from sc.abuse import aliases
from sc.abuse.bounces.settings import BounceSettings
from sc.abuse.contacts.mailbox import mailbox
from sc.abuse.matching import is_desk, is_key
from sc.abuse.profiles import MAX_ATTACHED, Manner, Profile, ReportFormat, manner
from sc.abuse.providers.settings import ProviderSettings
from sc.abuse.reports.dkim_settings import DkimSettings, distinct
from sc.model.complaint import IPNetwork
from sc.model.decision import Action
from sc.net.relay_settings import RelaySettings
from sc.outbox.rules import RateLimits, Rules

T = TypeVar("T")

_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9._-]{1,255}")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")


def is_mailbox(text: str) -> bool:
    """A plain `local@domain`, without anything that could end a line or a path."""
    return _MAILBOX.fullmatch(text) is not None


def _from(_: object, __: "Attribute[str | None]", value: str | None) -> None:
    if value is not None and (not is_mailbox(parseaddr(value)[1]) or "\n" in value):
        raise ValueError(f"{value!r} is not a mailbox such as abuse@example.org")


def _desks(_: object, __: "Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    for desk in value:
        if not is_desk(desk):
            raise ValueError(f"{desk!r} is neither an address nor a domain")


def _keys(_: object, __: "Attribute[dict[str, T]]", value: dict[str, T]) -> None:
    for key in value:
        if not is_key(key):
            raise ValueError(f"{key!r} is neither an address, a domain nor *")
    if len({key.lower() for key in value}) < len(value):
        raise ValueError("a contact stands there twice")


def _aliases(_: object, __: "Attribute[dict[str, str]]", value: dict[str, str]) -> None:
    for target in value.values():
        if (mailbox(target) or "").lower() != target.lower():
            raise ValueError(f"{target!r} is not an address")
    aliases.check(value)


def _domains(
    _: object, __: "Attribute[tuple[str, ...]]", value: tuple[str, ...]
) -> None:
    for domain in value:
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is not a domain such as example.org")


@frozen
class AutomaticSettings:
    """
    Spam that is reported although nobody asked.

    @ivar listeners: doors; what is judged as spam there is reported.
    @ivar actions: inbound spam with one of these actions is reported, whatever the
        door.
    """

    listeners: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.listeners or self.actions)


@frozen(kw_only=True)
class AbuseReportSettings:
    """
    How reports leave. Nothing is sent unless both `from` and `smtp` are set.

    @ivar from_: the mailbox that reports come from and where desks answer:
        `abuse@example.org` or `Example <abuse@example.org>`.
    @ivar smtp: the relay that takes them: `host:port`, the path of a UNIX socket, or
        the options below.
    @ivar wait: seconds that a request may take before it is answered with what is
        known; the rest goes on.
    @ivar reporter: who complains, in words; stands in the report.
    @ivar redact: recipients' addresses become tokens (RFC 6590).
    @ivar attach_up_to: octets of a message that is attached whole; of a larger one
        its text is, or else the header section.
    @ivar eight_bit: the relay offers 8BITMIME; without it, the header section of a
        message with 8-bit octets is attached, encoded.
    @ivar dkim: with which keys reports are signed: one, or a list; without any, the
        relay may sign.
    @ivar auto_submitted: mark reports as automatic (RFC 3834); some desks drop those.
    @ivar profiles: by contact (an address, a domain with all below it, or `*`): how
        it wants its reports. The smallest match counts.
    @ivar aliases: by contact: the address that gets its reports in its place. The
        smallest match counts.
    @ivar providers: who gets reports in a way of its own.
    @ivar never_desks: addresses and domains that never get a report.
    @ivar never_networks: networks that are never reported.
    @ivar never_domains: domains that are never reported for their links, with all
        below them: yours, your customers', a partner's.
    @ivar stopped: nothing leaves; reports are made and stay in the outbox.
    @ivar dry_run: nothing leaves; what would be sent is written to `dry-run` in the
        state folder.
    @ivar hold_new_desks: reports for a desk that was never written to wait for
        `scctl outbox approve`.
    @ivar limits: how many mails may leave; what is above waits, and is merged.
    @ivar feedback_loops: a message's sender hears of it, too, where a CFBL-Address
        (RFC 9477) that its signatures prove names a desk.
    @ivar on: what is reported although nobody asked.
    @ivar bounces: what comes back, and which desks are dead.
    """

    from_: str | None = field(default=None, validator=_from, metadata={"key": "from"})
    smtp: RelaySettings | None = None
    wait: float = field(
        default=10.0, validator=[validators.gt(0), validators.le(600.0)]
    )
    reporter: str = field(default="", validator=validators.max_len(200))
    redact: bool = True
    attach_up_to: int = field(
        default=1 << 20, validator=[validators.ge(0), validators.le(MAX_ATTACHED)]
    )
    eight_bit: bool = True
    dkim: tuple[DkimSettings, ...] = field(default=(), validator=distinct)
    auto_submitted: bool = False
    profiles: dict[str, Profile] = field(factory=dict, validator=_keys)
    aliases: dict[str, str] = field(factory=dict, validator=[_keys, _aliases])
    providers: ProviderSettings = ProviderSettings()
    never_desks: tuple[str, ...] = field(default=(), validator=_desks)
    never_networks: tuple[IPNetwork, ...] = ()
    never_domains: tuple[str, ...] = field(default=(), validator=_domains)
    stopped: bool = False
    dry_run: bool = False
    hold_new_desks: bool = False
    limits: RateLimits = RateLimits()
    feedback_loops: bool = True
    on: AutomaticSettings = AutomaticSettings()
    bounces: BounceSettings = BounceSettings()

    def __attrs_post_init__(self) -> None:
        if self.on.any and not self.configured:
            raise ValueError("abuse_report.on needs abuse_report.from and .smtp")
        if self.providers.any and not self.configured:
            text = "abuse_report.providers needs abuse_report.from and .smtp"
            raise ValueError(text)

    @property
    def configured(self) -> bool:
        return bool(self.from_ and (self.smtp or self.dry_run))

    def manner(self, contact: str) -> Manner:
        """How a report to this contact is written."""
        usual = Manner(
            format=ReportFormat.ARF,
            link_type=None,
            redact=self.redact,
            attach_up_to=self.attach_up_to,
            auto_submitted=self.auto_submitted,
        )
        return manner(contact, self.profiles, usual)

    @property
    def address(self) -> str:
        """The bare mailbox of `from`; "" without one."""
        return parseaddr(self.from_ or "")[1]

    @property
    def rules(self) -> Rules:
        """What the outbox goes by."""
        stopped = ""
        if self.dry_run:
            stopped = "stopped: abuse_report.dry_run is set in the configuration"
        if self.stopped:
            stopped = "stopped: abuse_report.stopped is set in the configuration"
        return Rules(self.limits, stopped, self.hold_new_desks)
