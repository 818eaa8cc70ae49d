"""How abuse contacts are looked for: what the operator may set."""

from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen
from attrs.validators import and_, ge, le

from sc.abuse.contacts.bootstrap import EVERY, REGISTRIES
from sc.abuse.contacts.mailbox import mailbox
from sc.abuse.contacts.overrides import parse_key
from sc.net.whois import parse_server
from sc.wire.dns import MessageError, normal

_NAMES = sorted(REGISTRIES.values())


class SourceName(Enum):
    """Where contacts are looked for."""

    RDAP = "rdap"
    ARIN = "arin"
    ABUSIX = "abusix"
    RIPESTAT = "ripestat"
    WHOIS = "whois"
    AUTNUM = "autnum"
    RDNS = "rdns"


DEFAULT = (
    SourceName.RDAP,
    SourceName.ARIN,
    SourceName.ABUSIX,
    SourceName.RIPESTAT,
    SourceName.WHOIS,
)


def _are_overrides(_self: object, _field: object, value: Mapping[str, str]) -> None:
    for key, address in value.items():
        parse_key(key)
        if mailbox(address) != address:
            raise ValueError(f"{address!r} is not a mail address")


def _are_registries(names: Mapping[str, str]) -> None:
    for name in names:
        if name != EVERY and name not in _NAMES:
            raise ValueError(f"{name!r} is none of {EVERY}, {', '.join(_NAMES)}")


def _are_bases(_self: object, _field: object, value: Mapping[str, str]) -> None:
    _are_registries(value)
    for base in value.values():
        _is_web(base)


def _is_base(_self: object, _field: object, value: str) -> None:
    _is_web(value)
    if not value.endswith("/"):
        raise ValueError(f"{value!r} does not end in a slash")


def _is_web(base: str) -> None:
    if not base.startswith(("http://", "https://")):
        raise ValueError(f"{base!r} is not an http or https URL")


def _are_servers(_self: object, _field: object, value: Mapping[str, str]) -> None:
    _are_registries(value)
    for server in value.values():
        parse_server(server)


def _is_zone(_self: object, _field: object, value: str) -> None:
    try:
        normal(value)
    except MessageError as e:
        raise ValueError(f"{value!r} is not a DNS zone: {e}") from None


def _are_sources(_self: object, _field: object, value: tuple[SourceName, ...]) -> None:
    if len(set(value)) < len(value):
        raise ValueError("a source is listed twice")


@frozen
class ContactSettings:
    """
    @ivar sources: who is asked for a contact, in this order, until one names an abuse
        desk: `rdap`, `arin` (its own API, for its own addresses), `whois`: the
        registries; `abusix` (DNS) and `ripestat` (HTTP): third parties, who learn
        which addresses we ask about; `autnum` (the AS that announces the address, by
        Team Cymru's DNS and RDAP); `rdns` (a guess: `abuse@` the domain of the
        address' validated name, which may be the spammer's own).
    @ivar overrides: address, network, `AS64500` or domain -> mail address; before
        all sources. The smallest network counts, then the domain of the validated
        reverse name, then the AS (looked up in `origin_zone`).
    @ivar rdap_bases: base URL of a registry's RDAP server by its name (`afrinic`,
        `apnic`, `arin`, `lacnic`, `ripe`, or `*` for all), in place of its own.
    @ivar arin_base: URL of ARIN's own API.
    @ivar abusix_zone: DNS zone of Abusix' list.
    @ivar ripestat_base: URL of RIPEstat's data API.
    @ivar whois_servers: whois server (`host` or `host:port`) by registry name or `*`,
        in place of its own.
    @ivar origin_zone: DNS zone that tells which AS announces an address.
    @ivar bootstrap_base: URL of IANA's lists of registries.
    @ivar bootstrap_refresh: seconds between two looks for newer lists; 0: never, the
        kept and the shipped ones serve.
    @ivar ttl: seconds for which a contact is used: `cache.expiration_time`.
    @ivar negative_ttl: seconds for which "there is none" is believed, and a contact
        from a later source while an earlier one could not be asked.
    @ivar failure_ttl: seconds after which a lookup that failed is tried again.
    @ivar stale: seconds for which an old contact stands in for a failed lookup.
    @ivar rate: lookups a second at one registry (LACNIC: a sixth).
    @ivar burst: lookups that may be made at once before the rate holds.
    @ivar max_wait: seconds that a lookup may wait for its turn.
    @ivar timeout: seconds for one contact, waiting included.
    @ivar cache_size: networks that are looked up here, without asking the `cache`.
    """

    sources: tuple[SourceName, ...] = field(default=DEFAULT, validator=_are_sources)
    overrides: dict[str, str] = field(factory=dict, validator=_are_overrides)
    rdap_bases: dict[str, str] = field(factory=dict, validator=_are_bases)
    arin_base: str = field(default="https://whois.arin.net/rest/", validator=_is_base)
    abusix_zone: str = field(default="abuse-contacts.abusix.zone", validator=_is_zone)
    ripestat_base: str = field(
        default="https://stat.ripe.net/data/", validator=_is_base
    )
    whois_servers: dict[str, str] = field(factory=dict, validator=_are_servers)
    origin_zone: str = field(default="asn.cymru.com", validator=_is_zone)
    bootstrap_base: str = field(
        default="https://data.iana.org/rdap/", validator=_is_base
    )
    bootstrap_refresh: float = field(
        default=604_800.0, validator=and_(ge(0.0), le(31_536_000.0))
    )
    ttl: float = field(default=3600.0, metadata={"internal": True})
    negative_ttl: float = field(default=600.0, validator=and_(ge(1.0), le(86_400.0)))
    failure_ttl: float = field(default=60.0, validator=and_(ge(1.0), le(86_400.0)))
    stale: float = field(default=604_800.0, validator=and_(ge(0.0), le(31_536_000.0)))
    rate: float = field(default=1.0, validator=and_(ge(0.01), le(10_000.0)))
    burst: int = field(default=5, validator=and_(ge(1), le(10_000)))
    max_wait: float = field(default=30.0, validator=and_(ge(0.0), le(3600.0)))
    timeout: float = field(default=45.0, validator=and_(ge(0.1), le(3600.0)))
    cache_size: int = field(default=10_000, validator=and_(ge(1), le(10_000_000)))
