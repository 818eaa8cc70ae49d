"""What is known of a network as JSON, for a cache that others may write to."""

import json
from ipaddress import ip_network
from typing import Any

from attrs import frozen

from sc.abuse.contacts.mailbox import mailbox
from sc.abuse.contacts.ranges import MAX_PREFIXES, is_range
from sc.abuse.contacts.search import MAX_ALTERNATIVES
from sc.model.complaint import Contact, IPNetwork
from sc.store.cache import MAX_TTL

MAX_RECORD = 32 * 1024
MAX_TEXT = 1000
"""Characters of a reason, a problem or a URL."""

MAX_SKEW = 300.0
"""Seconds by which another node's clock may be ahead of ours."""

MAX_NETWORKS = MAX_PREFIXES + 1
"""Those of one registration, and one around the address."""


@frozen
class Known:
    """
    @ivar contact: None if there is none; `problem` then says why.
    @ivar form: a web page that takes reports in place of a mailbox.
    @ivar learnt: when the registry said so, in seconds of the clock.
    @ivar expires: when it must be asked for again.
    @ivar lasting: false: what came of our own trouble, and is nobody else's business.
    """

    networks: tuple[IPNetwork, ...]
    contact: Contact | None
    learnt: float
    expires: float
    problem: str = ""
    form: str = ""
    lasting: bool = True


def dump(known: Known) -> bytes:
    contact = known.contact
    record = {
        "networks": [str(n) for n in known.networks],
        "contact": None if contact is None else _contact_record(contact),
        "learnt": known.learnt,
        "expires": known.expires,
        "problem": known.problem[:MAX_TEXT],
        "form": known.form,
    }
    return json.dumps(record).encode("ascii")


def _contact_record(contact: Contact) -> dict[str, Any]:
    return {
        "address": contact.address,
        "source": contact.source,
        "reason": contact.reason[:MAX_TEXT],
        "network": None if contact.network is None else str(contact.network),
        "alternatives": list(contact.alternatives),
    }


def parse(octets: bytes, now: float) -> Known | None:
    """
    None unless it is just what we would have written.

    @param now: nothing was learnt much later than that.
    """
    if len(octets) > MAX_RECORD:
        return None
    try:
        return _known(json.loads(octets), now)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _known(record: Any, now: float) -> Known:
    learnt, expires = _seconds(record["learnt"]), _seconds(record["expires"])
    if learnt > now + MAX_SKEW or expires > learnt + MAX_TTL:
        raise ValueError("a clock that jumped, or a stranger's")
    contact = record["contact"]
    return Known(
        _networks(record["networks"]),
        None if contact is None else _contact(contact),
        learnt,
        expires,
        _text(record["problem"]),
        _form(record["form"]),
    )


def _contact(record: Any) -> Contact:
    network, alternatives = record["network"], record["alternatives"]
    if not isinstance(alternatives, list) or len(alternatives) > MAX_ALTERNATIVES:
        raise ValueError("alternatives")
    return Contact(
        _mailbox(record["address"]),
        _text(record["source"]),
        _text(record["reason"]),
        None if network is None else ip_network(_text(network)),
        tuple(_mailbox(text) for text in alternatives),
    )


def _networks(texts: Any) -> tuple[IPNetwork, ...]:
    if not isinstance(texts, list) or not 0 < len(texts) <= MAX_NETWORKS:
        raise ValueError("networks")
    found = tuple(ip_network(_text(text)) for text in texts)
    if not all(is_range(network) for network in found):
        raise ValueError("a network too large for one answer")
    return found


def _mailbox(text: Any) -> str:
    if mailbox(_text(text)) != text:
        raise ValueError("no mailbox")
    return str(text)


def _form(text: Any) -> str:
    if text and not _text(text).startswith(("http://", "https://")):
        raise ValueError("no web page")
    return _text(text)


def _text(text: Any) -> str:
    if not isinstance(text, str) or len(text) > MAX_TEXT or not text.isprintable():
        raise ValueError("no text")
    return text


def _seconds(number: Any) -> float:
    # Neither NaN nor infinite: JSON as Python reads it has both.
    if not isinstance(number, int | float) or not 0 <= number < 1e11:
        raise ValueError("no time")
    return float(number)
