"""Macros in SPF records: names that depend on who sends (RFC 7208 section 7)."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address
from urllib.parse import quote

from attrs import frozen

from sc.model.envelope import IPAddress

MAX_NAME = 253
"""Octets of a name; from a longer one labels go, from the left (RFC 7208 7.3)."""

MAX_SPEC = 512
"""Characters of a name with macros: each macro costs some microseconds."""

# macro-expand; `c`, `r` and `t` are for explanations only, which we never fetch.
_EXPAND = r"%(?:\{[slodiphvSLODIPHV][0-9]{0,3}[rR]?[-.+,/_=]*\}|[%_-])"
_MACRO_STRING = rf"(?>(?:[\x21-\x24\x26-\x7e]|{_EXPAND})*)"
_LABEL = r"(?:[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9])"
_STRING = re.compile(_MACRO_STRING)
_LAST_LABEL = re.compile(rf"{_LABEL}\Z")
_ENDS_EXPANDED = re.compile(rf"{_EXPAND}\Z")
_FOUND = re.compile(r"%(?:\{([a-zA-Z])([0-9]*)([rR]?)([-.+,/_=]*)\}|([%_-]))")
_SIGNS = {"%": "%", "_": " ", "-": "%20"}


def is_macro_string(text: str) -> bool:
    """RFC 7208 7.1, `macro-string`."""
    if not _STRING.fullmatch(text):
        return False
    counts = (match[2] for match in _FOUND.finditer(text))
    return all(int(count) for count in counts if count)


def is_domain_spec(text: str) -> bool:
    """RFC 7208 7.1, `domain-spec`: it ends in a top label or in a macro."""
    if len(text) > MAX_SPEC or not is_macro_string(text):
        return False
    if _ENDS_EXPANDED.search(text[-40:]):
        return True
    before, dot, last = text.removesuffix(".").rpartition(".")
    return bool(dot and before and _LAST_LABEL.match(last))


def needs_name(text: str) -> bool:
    """Whether `%{p}` stands in it: it costs questions to DNS."""
    return any((match[1] or "").lower() == "p" for match in _FOUND.finditer(text))


@frozen
class Subject:
    """
    Who sends: what the macros stand for.

    @ivar sender: with a local part.
    @ivar helo: as the client said it.
    @ivar name: the validated name of its address, or `unknown`.
    """

    ip: IPAddress
    sender: str
    helo: str
    name: str = "unknown"

    def values(self, domain: str) -> Mapping[str, str]:
        """By macro letter, for the record of a domain."""
        local, _, origin = self.sender.rpartition("@")
        is_ipv4 = isinstance(self.ip, IPv4Address)
        return {
            "s": self.sender,
            "l": local,
            "o": origin,
            "d": domain,
            "i": str(self.ip) if is_ipv4 else _nibbles(self.ip),
            "p": self.name,
            "h": self.helo,
            "v": "in-addr" if is_ipv4 else "ip6",
        }


def expand(text: str, values: Mapping[str, str]) -> str:
    """The name that a `domain-spec` comes to; it need not be a possible one."""

    def value(match: re.Match[str]) -> str:
        letter, count, turned, delimiters, sign = match.groups()
        if sign:
            return _SIGNS[sign]
        parts = _split(values[letter.lower()], delimiters or ".")
        if turned:
            parts.reverse()
        kept = ".".join(parts[-int(count) :] if count else parts)
        return quote(kept, safe="") if letter.isupper() else kept

    return _cut(_FOUND.sub(value, text).removesuffix("."))


def _split(value: str, delimiters: str) -> list[str]:
    for delimiter in delimiters:
        value = value.replace(delimiter, "\0")
    return value.split("\0")


def _cut(name: str) -> str:
    if len(name) <= MAX_NAME:
        return name
    return name[-MAX_NAME - 1 :].partition(".")[2]


def _nibbles(ip: IPAddress) -> str:
    return ".".join(f"{int(ip):032x}")
