"""ARIN's own HTTP API (Whois-RWS): the points of contact of an organisation.

It knows the function of each contact where RDAP has only roles. Its JSON is made from
XML: a text is `{"$": ...}`, and what could be a list is one object if there is one.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from attrs import frozen

from sc.abuse.contacts.bootstrap import Bootstrap
from sc.abuse.contacts.mailbox import Mailbox, Rank, mailbox, sifted
from sc.abuse.contacts.ranges import between
from sc.abuse.contacts.registries import Registries
from sc.abuse.contacts.sources.source import Finding, SourceError
from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress

HOST = "whois.arin.net"
ACCEPT = "application/json"
MAX_CONTACTS = 3
"""Contacts that are asked for; an organisation has one abuse desk, seldom two."""

_HANDLE = re.compile(r"[A-Za-z0-9-]{1,40}\Z")
_FUNCTIONS = {"AB": Rank.ONLY_ROLE, "T": Rank.TECHNICAL, "N": Rank.TECHNICAL}


@frozen
class ARIN:
    """
    @ivar base: URL of the API, with a final slash.
    """

    registries: Registries
    bootstrap: Bootstrap
    base: str
    name: str = "arin"
    best: Rank = Rank.ONLY_ROLE

    async def find(self, ip: IPAddress) -> Finding:
        """See `Source.find`; of other registries' addresses it knows nothing."""
        registry = self.bootstrap.registry(ip)
        if registry is None or registry.name != "arin":
            return Finding(HOST, problem="")
        network = _object(await self._get(f"ip/{ip}/pft.json"), "ns4:pft")
        handle = _organisation(network)
        if not handle:
            return Finding(HOST, problem=f"{HOST} names no organisation for it")
        links = _list(_object(await self._get(f"org/{handle}/pocs.json"), "pocs"))
        mailboxes, registry_only = sifted(await self._mailboxes(links))
        what = "only a registry's own mailbox" if registry_only else "no mailbox"
        problem = "" if mailboxes else f"{HOST} names {what} for its organisation"
        return Finding(HOST, mailboxes, _networks(network, ip), problem=problem)

    async def _mailboxes(self, links: list[Mapping[str, Any]]) -> list[Mailbox]:
        """Of the contacts whose function is closest to abuse."""
        ranked = sorted(
            (rank, str(link.get("@handle")))
            for link in links
            if (rank := _FUNCTIONS.get(str(link.get("@function")))) is not None
        )
        found: list[Mailbox] = []
        for rank, handle in ranked[:MAX_CONTACTS]:
            if found and rank > found[0].rank:
                break
            if _HANDLE.match(handle):
                answer = _object(await self._get(f"poc/{handle}.json"), "poc")
                addresses = [mailbox(text) for text in _emails(answer)]
                found += [Mailbox(a, rank, handle) for a in addresses if a is not None]
        return found

    async def _get(self, path: str) -> Mapping[str, Any]:
        told = await self.registries.get(self.base + quote(path), HOST, ACCEPT)
        if told.fetched.status == 404:
            return {}
        try:
            answer = json.loads(told.fetched.body)
        except (ValueError, RecursionError):
            raise SourceError(f"{HOST} answers what is not JSON") from None
        return answer if isinstance(answer, dict) else {}


def _organisation(network: Mapping[str, Any]) -> str:
    """The holder's handle; customers of a provider have no contacts of their own."""
    customer = _object(network, "customer")
    net = _object(network, "net")
    for told in (
        _value(_object(network, "org").get("handle")),
        _object(customer, "parentOrgRef").get("@handle"),
        _object(net, "orgRef").get("@handle"),
    ):
        if isinstance(told, str) and _HANDLE.match(told):
            return told
    return ""


def _networks(network: Mapping[str, Any], ip: IPAddress) -> tuple[IPNetwork, ...]:
    net = _object(network, "net")
    start, end = _value(net.get("startAddress")), _value(net.get("endAddress"))
    found = between(start, end)
    return found if any(ip in n for n in found) else ()


def _emails(poc: Mapping[str, Any]) -> list[str]:
    emails = _object(poc, "emails").get("email")
    texts = [_value(e) for e in (emails if isinstance(emails, list) else [emails])]
    return [text for text in texts if isinstance(text, str)]


def _value(item: object) -> object:
    return item.get("$") if isinstance(item, dict) else None


def _object(owner: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = owner.get(key)
    return value if isinstance(value, dict) else {}


def _list(pocs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    links = pocs.get("pocLinkRef")
    found = links if isinstance(links, list) else [links]
    return [link for link in found if isinstance(link, dict)]
