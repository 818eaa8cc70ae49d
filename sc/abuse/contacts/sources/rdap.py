"""RDAP (RFC 9082): the registries' own word about a network."""

from collections.abc import Mapping

from ada_url import URL
from attrs import evolve, frozen

from sc.abuse.contacts.bootstrap import Bootstrap, rebased
from sc.abuse.contacts.mailbox import Mailbox, Rank
from sc.abuse.contacts.rdap import (
    NETWORK,
    RDAPError,
    Registration,
    parse_entity,
    parse_network,
)
from sc.abuse.contacts.registries import Registries, Told
from sc.abuse.contacts.sources.source import Finding, SourceError
from sc.model.envelope import IPAddress
from sc.net.fetcher import Fetched

TYPES = ("application/rdap+json", "application/json")


@frozen
class RDAP:
    """
    @ivar bases: the operator's base URLs, by registry name.
    """

    registries: Registries
    bootstrap: Bootstrap
    bases: Mapping[str, str]
    name: str = "rdap"
    best: Rank = Rank.MARKED

    async def find(self, ip: IPAddress) -> Finding:
        """See `Source.find`."""
        registry = self.bootstrap.registry(ip)
        if registry is None:
            return Finding("rdap", problem="no registry gives out such addresses")
        registry = rebased(registry, self.bases)
        told = await self.registries.get(f"{registry.base}ip/{ip}", registry.name)
        if told.fetched.status == 404:
            problem = f"{told.server} knows no network with it"
            return Finding(told.server, problem=problem)
        found = await read(self.registries, told)
        if found.networks and not any(ip in n for n in found.networks):
            raise SourceError(f"{told.server} answers for another network")
        return finding(told.server, found)


async def read(
    registries: Registries, told: Told, about: str = NETWORK
) -> Registration:
    """
    What an answer says, with the abuse contact that it only names.

    @raise SourceError: it is not RDAP, or about something else.
    """
    try:
        check_type(told.server, told.fetched)
        found = parse_network(
            told.fetched.body, deepest_first=told.server == "arin", about=about
        )
    except RDAPError as e:
        raise SourceError(str(e)) from None
    has_desk = bool(found.mailboxes) and found.mailboxes[0].rank <= Rank.NAME
    if found.more and not has_desk:
        return await _with_left_out(registries, told, found)
    return found


def finding(server: str, found: Registration) -> Finding:
    """A registration as every source tells it."""
    return Finding(
        server=server,
        mailboxes=found.mailboxes,
        networks=found.networks,
        form=found.form,
        problem="" if found.mailboxes else _why_none(server, found),
    )


def check_type(server: str, fetched: Fetched) -> None:
    """
    @raise RDAPError: the answer says that it is something else.
    """
    kind = fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        shown = kind[:60] or "no type"
        raise RDAPError(f"{server} answers {shown!a}, which is not RDAP")


async def _with_left_out(
    registries: Registries, told: Told, found: Registration
) -> Registration:
    """Follow one abuse contact that the answer only names, on the same host."""
    link = found.more[0]
    try:
        if URL(link).host != URL(told.fetched.url).host:
            return found
        more = await registries.get(link, told.server)
        entity = parse_entity(more.fetched.body)
    except (SourceError, ValueError):
        return found  # The rest of the answer stands.
    mailboxes = tuple(Mailbox(m.address, Rank.ROLE, m.handle) for m in entity.mailboxes)
    return evolve(
        found,
        mailboxes=mailboxes + found.mailboxes,
        registry_only=found.registry_only or entity.registry_only,
        form=found.form or entity.form,
    )


def _why_none(server: str, found: Registration) -> str:
    if found.registry_only:
        return f"{server} names only a registry's own mailbox"
    return f"{server} names no mailbox for its network"
