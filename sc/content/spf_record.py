"""SPF records, as strangers publish them (RFC 7208 sections 4 to 6)."""

import re
from collections.abc import Iterable
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address

from attrs import frozen

from sc.content.spf_macro import is_domain_spec, is_macro_string
from sc.model.envelope import IPAddress

MAX_RECORD = 2048
"""Octets. RFC 7208 3.4 asks for 450; each evaluation may read eleven of them."""

_VERSION = re.compile(rb"v=spf1(?: |\Z)", re.IGNORECASE)
_TERM = re.compile(r"([-+?~]?)([A-Za-z0-9]+)(.*)", re.DOTALL)
# RFC 7208 6: name "=" macro-string.
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
# RFC 7208 5.6: [ ip4-cidr-length ] [ "/" ip6-cidr-length ], without leading zeros.
_PREFIXES = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")


class SpfError(Exception):
    """The record breaks the rules; the text says how, without its words."""


class Result(Enum):
    """RFC 7208 2.6, in the words of RFC 8601 2.7.2."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 a word, not a password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_QUALIFIERS = {
    "": Result.PASS,
    "+": Result.PASS,
    "-": Result.FAIL,
    "~": Result.SOFTFAIL,
    "?": Result.NEUTRAL,
}


class Mechanism(Enum):
    ALL = "all"
    INCLUDE = "include"
    A = "a"
    MX = "mx"
    PTR = "ptr"
    IP4 = "ip4"
    IP6 = "ip6"
    EXISTS = "exists"


_MECHANISMS = {mechanism.value: mechanism for mechanism in Mechanism}
_NEED_DOMAIN = (Mechanism.INCLUDE, Mechanism.EXISTS)
_TAKE_PREFIXES = (Mechanism.A, Mechanism.MX)


@frozen
class Directive:
    """
    @ivar result: what it comes to if it matches.
    @ivar domain: its `domain-spec`, still with macros; "": the record's own.
    @ivar ip: of `ip4` and `ip6`.
    @ivar prefix4: bits that count of an IPv4 address.
    @ivar prefix6: bits that count of an IPv6 address.
    """

    result: Result
    mechanism: Mechanism
    domain: str = ""
    ip: IPAddress | None = None
    prefix4: int = 32
    prefix6: int = 128

    def holds(self, address: IPAddress, client: IPAddress) -> bool:
        """Whether both are of one network."""
        if address.version != client.version:
            return False
        if isinstance(client, IPv4Address):
            unused = 32 - self.prefix4
        else:
            unused = 128 - self.prefix6
        return int(address) >> unused == int(client) >> unused


@frozen
class Record:
    """
    @ivar redirect: whose record counts if nothing matches, with macros, or "".
    """

    directives: tuple[Directive, ...]
    redirect: str = ""


def select(texts: Iterable[bytes]) -> bytes | None:
    """
    The SPF record among the TXT records of a name (RFC 7208 4.5).

    @raise SpfError: there are several.
    """
    found = [text for text in texts if _VERSION.match(text)]
    if len(found) > 1:
        raise SpfError("its domain has several records")
    return found[0] if found else None


def read_record(octets: bytes) -> Record:
    """
    All of it: an error anywhere counts, also behind what matches (RFC 7208 4.6).

    @raise SpfError: it breaks the rules.
    """
    if len(octets) > MAX_RECORD:
        raise SpfError("its record is too long")
    try:
        terms = octets.decode("ascii").split(" ")[1:]
    except UnicodeDecodeError:
        raise SpfError("its record is not in ASCII") from None
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    for term in filter(None, terms):
        match = _MODIFIER.fullmatch(term)
        if match is None:
            directives.append(_directive(term))
        else:
            _take_modifier(modifiers, match[1].lower(), match[2])
    return Record(tuple(directives), modifiers.get("redirect", ""))


def _take_modifier(modifiers: dict[str, str], name: str, value: str) -> None:
    known = name in ("redirect", "exp")
    if known and name in modifiers:
        raise SpfError("its record repeats a modifier")
    if not (is_domain_spec if known else is_macro_string)(value):
        raise SpfError("a modifier in its record has a wrong value")
    modifiers[name] = value


def _directive(term: str) -> Directive:
    match = _TERM.fullmatch(term)
    mechanism = _MECHANISMS.get(match[2].lower()) if match else None
    if match is None or mechanism is None:
        raise SpfError("its record has an unknown mechanism")
    result, rest = _QUALIFIERS[match[1]], match[3]
    if mechanism is Mechanism.ALL:
        if rest:
            raise SpfError("its record has an `all` with a value")
        return Directive(result, mechanism)
    if mechanism in (Mechanism.IP4, Mechanism.IP6):
        return _network(result, mechanism, rest)
    return _named(result, mechanism, rest)


def _named(result: Result, mechanism: Mechanism, rest: str) -> Directive:
    prefix4, prefix6 = 32, 128
    if mechanism in _TAKE_PREFIXES:
        prefixes = _PREFIXES.search(rest)
        assert prefixes is not None, "it matches nothing as well"
        rest = rest[: prefixes.start()]
        prefix4, prefix6 = int(prefixes[1] or 32), int(prefixes[2] or 128)
    given = rest.startswith(":")
    if (rest and not given) or (not rest and mechanism in _NEED_DOMAIN):
        raise SpfError(f"its record has a wrong `{mechanism.value}`")
    if given and not is_domain_spec(rest[1:]):
        raise SpfError(f"its record has a wrong name behind `{mechanism.value}`")
    if prefix4 > 32 or prefix6 > 128:
        raise SpfError("its record has a prefix that is too long")
    return Directive(result, mechanism, rest[1:], None, prefix4, prefix6)


def _network(result: Result, mechanism: Mechanism, rest: str) -> Directive:
    text, slash, length = rest.partition("/")
    try:
        ip = ip_address(text.removeprefix(":"))
    except ValueError:
        ip = None
    wanted = IPv4Address if mechanism is Mechanism.IP4 else IPv6Address
    # A zone (`%eth0`) is no part of an address in DNS.
    if not isinstance(ip, wanted) or rest[:1] != ":" or "%" in text:
        raise SpfError(f"its record has a wrong address behind `{mechanism.value}`")
    bits = ip.max_prefixlen
    if slash and (not re.fullmatch(r"0|[1-9][0-9]{0,2}", length) or int(length) > bits):
        raise SpfError("its record has a wrong prefix")
    prefix = int(length) if slash else bits
    if mechanism is Mechanism.IP4:
        return Directive(result, mechanism, ip=ip, prefix4=prefix)
    return Directive(result, mechanism, ip=ip, prefix6=prefix)
