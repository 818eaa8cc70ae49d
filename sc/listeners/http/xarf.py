"""`xarf` of a request: who complains, and what XARF v4 requires for the links."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from sc.abuse.reports.xarf import uri
from sc.content.urls import canonical
from sc.listeners.http.errors import HttpError
from sc.listeners.http.xarf_details import DETAILS, Choice, Choices, Site, Time
from sc.model.xarf import Detail, LinkType, XarfReporter, XarfRequest

MAX_ORG = 200
MAX_SITE = 2000

_REPORTER = ("org", "contact", "domain")
_OWN = ("reporter", "link_type", "smtp_source_port")
# RFC 1123 2.1, with at least one dot: it says who complains on the internet.
_DOMAIN = r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z"
_HOSTNAME = re.compile(_DOMAIN, re.IGNORECASE)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?>(?:\.{_ATOM})*)\Z")
# RFC 3339 5.6, with an offset.
_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)


def xarf_of(value: object) -> tuple[XarfRequest, tuple[str, ...]]:
    """
    And the names of the fields that we do not know.

    @raise HttpError: 400, with the name of the field that is missing or wrong.
    """
    given = _object("xarf", value)
    kind = _link_type(given)
    known = (*_OWN, *DETAILS[kind])
    reporter = _object("xarf.reporter", given.get("reporter"))
    asked = XarfRequest(
        reporter=_reporter(reporter),
        link_type=kind,
        source_port=_port(given.get("smtp_source_port")),
        details=tuple(_details(kind, given)),
    )
    ignored = [f"xarf.{key[:60]}" for key in given if key not in known]
    ignored += [f"xarf.reporter.{key[:60]}" for key in reporter if key not in _REPORTER]
    return asked, tuple(ignored)


def _object(name: str, value: object) -> Mapping[str, object]:
    if value is None:
        raise HttpError(400, f"{name}: is missing")
    if not isinstance(value, dict):
        raise HttpError(400, f"{name}: must be an object")
    return value


def _link_type(given: Mapping[str, object]) -> LinkType:
    text = _text("xarf.link_type", given.get("link_type"))
    try:
        return LinkType(text)
    except ValueError:
        raise _unknown("xarf.link_type", [kind.value for kind in LinkType]) from None


def _reporter(given: Mapping[str, object]) -> XarfReporter:
    org, contact, domain = (
        _text(f"xarf.reporter.{key}", given.get(key)) for key in _REPORTER
    )
    if len(org) > MAX_ORG or not org.isprintable():
        text = f"must be at most {MAX_ORG} printable characters"
        raise HttpError(400, f"xarf.reporter.org: {text}")
    local, _, host = contact.rpartition("@")
    if not (_LOCAL.match(local) and _HOSTNAME.match(host)):
        raise HttpError(400, "xarf.reporter.contact: not an address")
    if not _HOSTNAME.match(domain):
        raise HttpError(400, "xarf.reporter.domain: not a domain")
    return XarfReporter(org, contact, domain.lower())


def _port(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65536:
        raise HttpError(400, "xarf.smtp_source_port: must be a number from 1 to 65535")
    return value


def _details(
    kind: LinkType, given: Mapping[str, object]
) -> Iterator[tuple[str, Detail]]:
    for key, rule in DETAILS[kind].items():
        name, value = f"xarf.{key}", given.get(key)
        if isinstance(rule, Choices):
            yield key, _choices(name, value, rule)
        elif isinstance(rule, Choice):
            yield key, _one_of(name, value, rule.words)
        elif isinstance(rule, Site):
            yield key, _site(name, value)
        else:
            yield key, _time(name, value, rule)


def _choices(name: str, value: object, rule: Choices) -> tuple[str, ...]:
    """A string is a list of one."""
    items = value if isinstance(value, list) else [value]
    if not items or len(items) > len(rule.words):
        raise HttpError(400, f"{name}: must be a list of 1 to {len(rule.words)}")
    return tuple(dict.fromkeys(_one_of(name, item, rule.words) for item in items))


def _one_of(name: str, value: object, words: tuple[str, ...]) -> str:
    text = _text(name, value)
    if text not in words:
        raise _unknown(name, words)
    return text


def _site(name: str, value: object) -> str:
    text = _text(name, value)
    url = canonical(text) if len(text) <= MAX_SITE else None
    if url is None:
        raise HttpError(400, f"{name}: not a URL of at most {MAX_SITE} characters")
    return uri(url.href)


def _time(name: str, value: object, rule: Time) -> str:
    text = _text(name, value)
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        datetime.fromisoformat(text)
    except ValueError:
        raise HttpError(400, f"{name}: not a time such as {rule.example}") from None
    return text


def _text(name: str, value: object) -> str:
    if value is None:
        raise HttpError(400, f"{name}: is missing")
    if not isinstance(value, str) or not value.strip():
        raise HttpError(400, f"{name}: must be a string that is not empty")
    return value


def _unknown(name: str, words: "list[str] | tuple[str, ...]") -> HttpError:
    return HttpError(400, f"{name}: must be one of {', '.join(words)}")
