"""What an RDAP answer (RFC 9083) says about a network, and who its abuse desk is.

Each registry puts the contact elsewhere; the ranking of
`sc.abuse.contacts.mailbox` finds it in all of their shapes, and keeps the reason.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from attrs import frozen

from sc.abuse.contacts.mailbox import (
    Mailbox,
    Rank,
    is_desk,
    mailbox,
    mailboxes_in,
    sifted,
)
from sc.abuse.contacts.ranges import told
from sc.model.complaint import IPNetwork

NETWORK, AUTNUM = "ip network", "autnum"
"""Classes of objects (RFC 9083 5.4, 5.5)."""

MAX_DEPTH = 6
"""Entities inside entities; ARIN's abuse desk is at depth 2."""

MAX_ENTITIES = 200
MAX_PROPERTIES = 100
MAX_EMAILS = 10
"""Mailboxes of one contact; APNIC's IRT objects have two."""

MAX_REMARK = 8192
"""Characters of one remark."""

# APNIC asks its desks twice a year and writes down who does not answer.
_DEAD = re.compile(r"(?<!\S)([^\s@]{1,64}@[^\s@]{1,190}) is invalid")
_URL = re.compile(r"https?://[^\s<>\"']{4,500}")


class RDAPError(ValueError):
    """The answer cannot be used; the text says why."""


@frozen
class Registration:
    """
    @ivar networks: the ranges that the answer is about.
    @ivar mailboxes: best first, each once.
    @ivar form: a page that a remark names for abuse, or "".
    @ivar registry_only: there were mailboxes, but all of them the registry's own.
    @ivar more: URLs of abuse contacts whose mailbox was left out.
    """

    networks: tuple[IPNetwork, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    form: str = ""
    registry_only: bool = False
    more: tuple[str, ...] = ()


@frozen
class _Email:
    address: str
    types: frozenset[str]
    preference: int


@frozen
class _Entity:
    depth: int
    roles: frozenset[str]
    handle: str
    name: str
    emails: tuple[_Email, ...]
    link: str
    remarks: tuple[str, ...]


def parse_network(
    body: bytes, *, deepest_first: bool, about: str = NETWORK
) -> Registration:
    """
    Read the answer to `ip/ADDRESS` or `autnum/NUMBER`.

    @param deepest_first: of two equal contacts the inner one is the more specific
        (ARIN); elsewhere the outer one is the network's own.
    @param about: the class of object that was asked for.
    @raise RDAPError: not JSON, or about something else.
    """
    answer = _object(body)
    if answer.get("objectClassName", about) != about:
        raise RDAPError("the answer is not about a network")
    entities = list(_entities(answer, 1))
    return _registration(
        entities, told(answer), _remarks(answer), deepest_first=deepest_first
    )


def parse_entity(body: bytes) -> Registration:
    """
    Read the answer to `entity/HANDLE`: its mailboxes, and those inside.

    @raise RDAPError: not JSON, or about something else.
    """
    answer = _object(body)
    if answer.get("objectClassName", "entity") != "entity":
        raise RDAPError("the answer is not about a contact")
    entities = list(_entities({"entities": [answer]}, 1))
    return _registration(entities, (), (), deepest_first=False)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except RecursionError:
        raise RDAPError("the answer is nested too deeply") from None
    except ValueError:
        raise RDAPError("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise RDAPError("the answer is not a JSON object")
    return answer


def _registration(
    entities: list[_Entity],
    networks: tuple[IPNetwork, ...],
    remarks: tuple[str, ...],
    *,
    deepest_first: bool,
) -> Registration:
    sign = -1 if deepest_first else 1
    texts = [*remarks, *(text for entity in entities for text in entity.remarks)]
    dead = {match[1].lower() for text in texts for match in _DEAD.finditer(text)}
    ranked = [
        (rank, email.preference, sign * entity.depth, email.address, entity.handle)
        for entity in entities
        for email, rank in _ranked(entity)
    ]
    ranked += [
        (Rank.REMARK, 0, 0, address, "") for text in remarks for address in _named(text)
    ]
    # Stable: what is equal stays in the registry's order.
    ranked.sort(key=lambda r: (r[3].lower() in dead, *r[:3]))
    desks, registry_only = sifted(
        Mailbox(address, Rank.DEAD if address.lower() in dead else rank, handle)
        for rank, _, _, address, handle in ranked
    )
    return Registration(
        networks,
        desks,
        form=next((form for text in texts if (form := _form(text))), ""),
        registry_only=registry_only,
        more=tuple(
            e.link for e in entities if "abuse" in e.roles and e.link and not e.emails
        ),
    )


def _ranked(entity: _Entity) -> Iterator[tuple[_Email, Rank]]:
    for email in entity.emails:
        yield email, _rank(entity, email)
    for text in entity.remarks:
        for address in _named(text):
            yield _Email(address, frozenset(), 101), Rank.REMARK


def _rank(entity: _Entity, email: _Email) -> Rank:
    """The first rule that holds, from the surest to the last resort."""
    roles, abuse = entity.roles, "abuse" in entity.roles
    rules = (
        ("abuse" in email.types, Rank.MARKED),
        (roles == {"abuse"}, Rank.ONLY_ROLE),
        (abuse and email.preference == 1, Rank.PREFERRED),
        (is_desk(email.address), Rank.LOCAL_PART),
        (abuse, Rank.ROLE),
        ("abuse" in entity.name.lower(), Rank.NAME),
        (bool(roles & {"technical", "noc"}), Rank.TECHNICAL),
        ("administrative" in roles, Rank.ADMINISTRATIVE),
    )
    return next((rank for holds, rank in rules if holds), Rank.OTHER)


def _named(remark: str) -> list[str]:
    """Addresses of a remark that is about abuse or names a desk."""
    found = mailboxes_in(remark)
    return found if "abuse" in remark.lower() else [a for a in found if is_desk(a)]


def _form(remark: str) -> str:
    if "abuse" not in remark.lower():
        return ""
    match = _URL.search(remark)
    return match[0].rstrip(".,;:)") if match else ""


def _entities(owner: Mapping[str, Any], depth: int) -> Iterator[_Entity]:
    """All contacts, outer ones first, as many and as deep as the limits allow."""
    level: Sequence[Mapping[str, Any]] = [owner]
    seen = 0
    while level and depth <= MAX_DEPTH:
        inner = [e for o in level for e in _list(o.get("entities")) if _is_object(e)]
        inner = inner[: MAX_ENTITIES - seen]
        seen += len(inner)
        yield from (_entity(e, depth) for e in inner)
        level, depth = inner, depth + 1


def _entity(value: Mapping[str, Any], depth: int) -> _Entity:
    name = ""
    emails: list[_Email] = []
    for item in _card(value):
        kind, text = item[0].lower(), item[3]
        if kind == "fn" and isinstance(text, str):
            name = text[:200]
        elif kind == "email" and len(emails) < MAX_EMAILS:
            emails += _emails(item)
    return _Entity(
        depth=depth,
        roles=frozenset(r.lower() for r in _list(value.get("roles")) if _is_text(r)),
        handle=_text(value.get("handle"))[:80],
        name=name,
        emails=tuple(emails),
        link=_self_link(value),
        remarks=_remarks(value),
    )


def _card(value: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The properties of a jCard (RFC 7095) that have the four parts of one."""
    card = _list(value.get("vcardArray"))
    for item in _list(card[1] if len(card) > 1 else None)[:MAX_PROPERTIES]:
        if isinstance(item, list) and len(item) >= 4 and _is_text(item[0]):
            yield item


def _emails(item: list[Any]) -> list[_Email]:
    parameters = item[1] if _is_object(item[1]) else {}
    types = parameters.get("type")
    texts = item[3] if isinstance(item[3], list) else [item[3]]
    addresses = [mailbox(t) for t in texts[:MAX_EMAILS] if _is_text(t)]
    return [
        _Email(
            address,
            frozenset(
                t.lower()
                for t in (types if isinstance(types, list) else [types])
                if _is_text(t)
            ),
            _preference(parameters.get("pref")),
        )
        for address in addresses
        if address is not None
    ]


def _preference(value: object) -> int:
    """RFC 6350 5.3: 1 is the most preferred, 100 the least; 101 for none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 101


def _self_link(value: Mapping[str, Any]) -> str:
    for link in _list(value.get("links"))[:20]:
        if _is_object(link) and link.get("rel") == "self":
            return _text(link.get("href"))
    return ""


def _remarks(value: Mapping[str, Any]) -> tuple[str, ...]:
    texts = []
    for remark in _list(value.get("remarks"))[:50]:
        if _is_object(remark):
            lines = _list(remark.get("description"))[:200]
            text = " ".join(line for line in lines if _is_text(line))
            texts.append(text[:MAX_REMARK])
    return tuple(texts)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
