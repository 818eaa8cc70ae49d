"""What the operator may say about providers. All are off by default."""

import re
from enum import Enum
from ipaddress import ip_network
from typing import TypeAlias

from attrs import Attribute, field, frozen, validators

from sc.abuse.contacts.mailbox import mailbox
from sc.model.complaint import IPNetwork
from sc.net.api_key import is_key

_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")

_LISTED = (
    "173.245.48.0/20",
    "103.21.244.0/22",
    "103.22.200.0/22",
    "103.31.4.0/22",
    "141.101.64.0/18",
    "108.162.192.0/18",
    "190.93.240.0/20",
    "188.114.96.0/20",
    "197.234.240.0/22",
    "198.41.128.0/17",
    "162.158.0.0/15",
    "104.16.0.0/13",
    "104.24.0.0/14",
    "172.64.0.0/13",
    "131.0.72.0/22",
    "2400:cb00::/32",
    "2606:4700::/32",
    "2803:f800::/32",
    "2405:b500::/32",
    "2405:8100::/32",
    "2a06:98c0::/29",
    "2c0f:f248::/32",
)

CLOUDFLARE = tuple(map(ip_network, _LISTED))
"""As www.cloudflare.com/ips lists them."""


def _base(_: object, __: "Attribute[str]", value: str) -> None:
    if not (value.startswith(("http://", "https://")) and value.endswith("/")):
        raise ValueError(f"{value!r} is not an http or https URL that ends in a slash")


def _key(_: object, __: "Attribute[str | None]", value: str | None) -> None:
    if value is not None and not is_key(value):
        raise ValueError("is not a key: printable ASCII without blanks")


def _word(_: object, __: "Attribute[str]", value: str) -> None:
    if value and not _WORD.fullmatch(value):
        raise ValueError(f"{value!r} is not a word of letters, digits, - and _")


def _path(_: object, __: "Attribute[str | None]", value: str | None) -> None:
    if value is not None and not value.startswith("/"):
        raise ValueError(f"{value!r} is not an absolute path")


@frozen(kw_only=True)
class KeyedSettings:
    """
    A provider that wants a key.

    @ivar enabled: it gets reports.
    @ivar key: the secret that it gave you, here or in `key_file`.
    @ivar key_file: its first line is the key; read for each report.
    """

    enabled: bool = False
    key: str | None = field(default=None, repr=False, validator=_key)
    key_file: str | None = field(default=None, validator=_path)

    def __attrs_post_init__(self) -> None:
        if self.key is not None and self.key_file is not None:
            raise ValueError("key and key_file are both given")
        if self.enabled and self.key is self.key_file is None:
            raise ValueError("needs key or key_file")


class Act(Enum):
    """Cloudflare's word for a report."""

    GENERAL = "abuse_general"
    PHISHING = "abuse_phishing"


class Notification(Enum):
    """What Cloudflare tells a site's host of us."""

    SEND = "send"
    ANONYMOUS = "send-anon"
    NONE = "none"


@frozen(kw_only=True)
class CloudflareSettings(KeyedSettings):
    """
    Cloudflare's Abuse Reports API, in place of mail, for links to hosts behind it.

    @ivar base: where its API is.
    @ivar account_id: of your account there; it needs the right to report abuse.
    @ivar act: `abuse_general` or `abuse_phishing`: what the links are.
    @ivar host_notification: `send`, `send-anon` or `none`: whether the site's host
        hears of it, and from whom. The site's owner never does.
    @ivar networks: the addresses behind which it stands.
    """

    base: str = field(default="https://api.cloudflare.com/client/v4/", validator=_base)
    account_id: str = field(default="", validator=_word)
    act: Act = Act.GENERAL
    host_notification: Notification = Notification.ANONYMOUS
    networks: tuple[IPNetwork, ...] = CLOUDFLARE

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.enabled and not self.account_id:
            raise ValueError("needs account_id")


@frozen(kw_only=True)
class SpamhausSettings(KeyedSettings):
    """
    Spamhaus' submission portal, besides mail.

    @ivar base: where its API is.
    @ivar threat_type: its code for a relay that sends spam.
    @ivar url_threat_type: its code for the links; empty: links are not told.
    """

    base: str = field(
        default="https://submit.spamhaus.org/portal/api/v1/", validator=_base
    )
    threat_type: str = field(
        default="source-of-spam", validator=[_word, validators.min_len(1)]
    )
    url_threat_type: str = field(default="", validator=_word)


@frozen(kw_only=True)
class NetcraftSettings:
    """
    Netcraft's report API, besides mail: links. It wants no key.

    @ivar enabled: it gets reports.
    @ivar base: where its API is.
    """

    enabled: bool = False
    base: str = field(default="https://report.netcraft.com/api/v3/", validator=_base)


@frozen(kw_only=True)
class AbuseipdbSettings(KeyedSettings):
    """
    AbuseIPDB, besides mail: relays. What it takes is public.

    @ivar base: where its API is.
    @ivar categories: its numbers for what a relay did; 11 is e-mail spam.
    """

    base: str = field(default="https://api.abuseipdb.com/api/v2/", validator=_base)
    categories: tuple[int, ...] = field(
        default=(11,),
        validator=[
            validators.min_len(1),
            validators.deep_iterable(validators.in_(range(1, 100))),
        ],
    )


def _mailbox(_: object, __: "Attribute[str | None]", value: str | None) -> None:
    if value is not None and mailbox(value) != value:
        text = "is not a mailbox such as submit.0123abcd@spam.spamcop.net"
        raise ValueError(f"{value!r} {text}")


@frozen(kw_only=True)
class SpamcopSettings:
    """
    SpamCop, besides mail: the message, redacted, by mail to your submission address.

    @ivar address: it gets reports there, if one is set.
    """

    address: str | None = field(default=None, validator=_mailbox)


ServiceSettings: TypeAlias = (
    CloudflareSettings | SpamhausSettings | NetcraftSettings | AbuseipdbSettings
)


@frozen(kw_only=True)
class ProviderSettings:
    """Who gets reports in a way of its own."""

    cloudflare: CloudflareSettings = CloudflareSettings()
    spamhaus: SpamhausSettings = SpamhausSettings()
    netcraft: NetcraftSettings = NetcraftSettings()
    abuseipdb: AbuseipdbSettings = AbuseipdbSettings()
    spamcop: SpamcopSettings = SpamcopSettings()

    @property
    def any(self) -> bool:
        services = (self.cloudflare, self.spamhaus, self.netcraft, self.abuseipdb)
        return any(one.enabled for one in services) or bool(self.spamcop.address)
