"""What the attributes of one tag open or load (WHATWG HTML 13.2.5.32 to 13.2.5.40)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from html import unescape
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from sc.content import transfer
from sc.model.evidence import Role

MAX_NESTED = 256 * 1024
"""Characters of a `data:` page or a script in an attribute that are read."""

MAX_NAME = 64
"""Characters of an attribute's name; no known one has half of it."""

_ATTRIBUTE = (
    r"""[\s/]*+(%s[^\s/>][^\s/>=]*+)"""
    r"""(?>(?:\s*+=\s*+(?:"(%s[^"]*+)(?:"|\Z)|'(%s[^']*+)(?:'|\Z)|(%s[^\s>]*+)))?)"""
)
_ATTRIBUTES = re.compile(_ATTRIBUTE % ("", "", "", ""))
SILENT = _ATTRIBUTE % ("?:", "?:", "?:", "?:")
"""One attribute, possessive, without groups; it always matches once begun."""

_NESTED_TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+((?>(?:{SILENT})+))")
_REFRESH = re.compile(r"""[\d.\s]*+[;,]?\s*+(?:url\s*+=\s*+)?["']?([^"'\s]++)""", re.I)
_REFERENCE = re.compile(
    r"&(?:#(?:[xX]0*+([0-9a-fA-F]{1,6})(?![0-9a-fA-F])|0*+([0-9]{1,7})(?![0-9]));?"
    r"|[a-zA-Z][a-zA-Z0-9]{1,31};)"
)
_SRCSET = re.compile(r"[\s,]*+(\S++)[^,]*+")
_QUOTED = re.compile(r"""["'](https?:[^"'\s]++)""", re.I)

_NAVIGATING = (
    "href originalsrc data-saferedirecturl data-linkto data-cke-saved-href xlink:href"
    " formaction"
)
_RESOURCES = (
    "src background poster lowsrc dynsrc longdesc cite ping data codebase classid"
    " archive manifest profile usemap blockedimagesrc o:href"
)
_ROLES = dict.fromkeys(_NAVIGATING.split(), Role.NAVIGATES) | dict.fromkeys(
    _RESOURCES.split(), Role.RESOURCE
)
"""What opens when somebody clicks, and what the page loads, on any element."""

_LOADING = frozenset({"link", "image", "use", "feimage", "script"})
"""Elements whose `href` nobody clicks."""

_LISTS = frozenset({"srcset", "imagesrcset"})
_SPECIAL = _LISTS | {"action"}
_WEB = ("http", "HTTP", "Http")

# As most links and images are written: one address, and attributes that hold none.
_HOLDING = "|".join(n for name in (*_ROLES, *_SPECIAL) for n in (name, name.upper()))
_HOLDING_NONE = (
    rf"""(?>(?:\s++(?!(?:{_HOLDING})=)(?:[a-z]++|[A-Z]++)"""
    r"""=(?:"[^"]*+"|[^\s"'>]++(?=[\s/]|\Z)))*)"""
)
_ONE = re.compile(
    rf"""{_HOLDING_NONE}\s++(?:(href|HREF)|src|SRC)="(http[^"]*+)"{_HOLDING_NONE}[\s/]*+\Z"""
)

Reference: TypeAlias = tuple[str, Role]


def read(text: str) -> dict[str, str]:
    """Unresolved, by lower-case name; of two with one name the first counts."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTES.findall(text):
        if value := double or single or bare:
            found.setdefault(name.lower(), value)
    return found


def collect(tag: str, text: str, found: dict[str, Role]) -> None:
    """
    Add what a tag's attributes open or load to `found`.

    @param tag: in lower case.
    """
    if tag == "meta":
        add(found, _meta(read(text)))
    elif match := _ONE.match(text):
        url = resolved(match[2])
        if match[1] and tag not in _LOADING:
            found[url] = Role.NAVIGATES
        else:
            found.setdefault(url, Role.RESOURCE)
    else:
        _collect_each(tag, text, found)


def _collect_each(tag: str, text: str, found: dict[str, Role]) -> None:
    """One by one."""
    seen: set[str] = set()
    for name, double, single, bare in _ATTRIBUTES.findall(text):
        # A longer name is none of ours, and must not fill the memory of `_kind`.
        kind = _kind(name) if len(name) <= MAX_NAME else None
        if kind is None or kind in seen or not (value := double or single or bare):
            continue
        seen.add(kind)
        role = _ROLES.get(kind)
        if role is None:
            add(found, _others(tag, kind, resolved(value)))
            continue
        if tag in _LOADING:
            role = Role.RESOURCE
        url = resolved(value)
        if not url.startswith(_WEB):
            add(found, _opened(url, role))
        elif role is Role.NAVIGATES:
            found[url] = role
        else:
            found.setdefault(url, role)


@lru_cache(1024)
def _kind(name: str) -> str | None:
    """The name in lower case, if the attribute may hold a URL."""
    lowered = name.lower()
    if lowered in _ROLES or lowered in _SPECIAL or lowered.startswith("data-"):
        return lowered
    return None


def add(found: dict[str, Role], references: Iterable[Reference]) -> None:
    """An URL that navigates anywhere navigates."""
    for url, role in references:
        if role is Role.NAVIGATES or url not in found:
            found[url] = role


def resolved(text: str) -> str:
    """Character references; bare `&copy` in a query stays (13.2.5.72)."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def quoted(script: str) -> list[str]:
    """The URLs that stand in quotes, JSON's `\\/` read as it is meant."""
    return _QUOTED.findall(script.replace("\\/", "/"))


def _others(tag: str, name: str, value: str) -> Iterator[Reference]:
    """What is a URL on some elements, in some shapes or several times only."""
    if name in _LISTS:
        for url in _SRCSET.findall(value):
            yield url.rstrip(","), Role.RESOURCE
    elif name == "action" and tag == "form":
        yield value, Role.NAVIGATES
    elif name.startswith("data-") and value[:4].lower() == "http":
        yield value, Role.RESOURCE


def _meta(attributes: Mapping[str, str]) -> Iterator[Reference]:
    """A refresh navigates; other content counts if it is a URL (Open Graph)."""
    value = resolved(attributes.get("content", ""))
    if attributes.get("http-equiv", "").lower() == "refresh":
        match = _REFRESH.match(value)
        if match:
            yield match[1], Role.NAVIGATES
    elif value[:4].lower() == "http":
        yield value, Role.RESOURCE


def _opened(value: str, role: Role) -> Iterator[Reference]:
    """A URL; or, one level deep, what a `data:` page or a script holds."""
    scheme, _, rest = value.lstrip()[:MAX_NESTED].partition(":")
    match scheme.lower():
        case "javascript":
            decoded = unquote_to_bytes(rest).decode("utf-8", "replace")
            yield from ((url, role) for url in quoted(decoded))
        case "data":
            if rest[:9].lower() == "text/html":
                yield from _data_page(rest)
        case _:
            yield value, role


def _data_page(rest: str) -> Iterator[Reference]:
    kind, _, content = rest.partition(",")
    octets = unquote_to_bytes(content)
    if kind.lower().endswith("base64"):
        octets = transfer.decode(octets, "base64")
    for match in _NESTED_TAG.finditer(octets.decode("utf-8", "replace")):
        values = map(resolved, read(match[1]).values())
        urls = {v for v in values if v[:4].lower() == "http"}
        yield from ((url, Role.NAVIGATES) for url in sorted(urls))


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return _unescaped(f"&#x{match[1]};")
    return _unescaped(f"&#{match[2]};") if match[2] else _unescaped(match[0])


@lru_cache(2048)
def _unescaped(reference: str) -> str:
    """Of at most 34 characters; a page repeats the same few."""
    return unescape(reference)
