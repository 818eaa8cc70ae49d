"""Whether a client may send for a domain, by what its owner published (RFC 7208).

`exp=` is never fetched: our replies do not carry a stranger's words.
"""

import re
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol, TypeVar

from attrs import define, evolve, field, frozen

from sc.content.addresses import unmapped
from sc.content.spf_macro import Subject, expand, needs_name
from sc.content.spf_record import (
    Directive,
    Mechanism,
    Record,
    Result,
    SpfError,
    read_record,
    select,
)
from sc.model.envelope import IPAddress
from sc.net.resolver import NotFoundError, ResolveError
from sc.wire.dns import MailExchange

T = TypeVar("T")

MAX_TERMS = 10
"""Terms that ask DNS (RFC 7208 4.6.4), so records in rings end as well."""

MAX_VOID = 2
"""Of these, such as find nothing."""

MAX_EXCHANGES = 10
"""Mail exchanges of one `mx`."""

MAX_LOCAL = 64
"""Octets of a local part that macros see (RFC 5321 4.5.3.1.1)."""

MAX_HELO = 255

_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?>(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)+)[A-Za-z0-9-]{1,63}"
)


class Records(Protocol):
    """What `sc.net.resolver.DNSResolver` does; each may raise `ResolveError`."""

    async def txt(self, name: str) -> tuple[bytes, ...]: ...

    async def a(self, name: str) -> tuple[IPv4Address, ...]: ...

    async def aaaa(self, name: str) -> tuple[IPv6Address, ...]: ...

    async def mx(self, name: str) -> tuple[MailExchange, ...]: ...

    async def ptr(self, ip: IPAddress) -> tuple[str, ...]: ...


@frozen
class Checked:
    """
    @ivar domain: that was asked, in lower case; "" if it is no name.
    @ivar reason: what an error is about; without a stranger's words.
    """

    result: Result
    domain: str
    reason: str = ""


class _TemporaryError(Exception):
    """DNS could not tell."""


def identity(sender: str, helo: str) -> str:
    """The domain whose record counts, in lower case; "" if it can have none."""
    domain = (sender or helo).rpartition("@")[2].removesuffix(".").lower()
    return domain if _DOMAIN.fullmatch(domain) else ""


async def check_host(
    records: Records, client: IPAddress, sender: str, helo: str
) -> Checked:
    """
    RFC 7208 4; asks for the HELO name if the sender is null (2.4).

    @param sender: reverse-path without angle brackets.
    """
    domain = identity(sender, helo)
    if not domain:
        return Checked(Result.NONE, "")
    local = sender.rpartition("@")[0][:MAX_LOCAL] or "postmaster"
    subject = Subject(unmapped(client), f"{local}@{domain}", helo[:MAX_HELO])
    evaluation = _Evaluation(records, subject)
    try:
        return Checked(await evaluation.check(domain), domain)
    except _TemporaryError:
        return Checked(Result.TEMPERROR, domain, "DNS cannot tell now")
    except SpfError as e:
        return Checked(Result.PERMERROR, domain, str(e))


@define
class _Evaluation:
    """
    One check; `include` and `redirect` count together.

    @ivar names: of the client, once they were asked for.
    """

    records: Records
    subject: Subject
    terms: int = 0
    void: int = 0
    names: tuple[str, ...] | None = field(default=None)

    async def check(self, domain: str) -> Result:
        """
        @raise SpfError: a record breaks the rules, or asks for too much.
        @raise _TemporaryError: DNS could not tell.
        """
        record = await self._record(domain)
        if record is None:
            return Result.NONE
        for directive in record.directives:
            if await self._matches(directive, domain):
                return directive.result
        if not record.redirect:
            return Result.NEUTRAL
        self._count()
        result = await self.check(await self._name(record.redirect, domain))
        if result is Result.NONE:
            raise SpfError("its record leads to a domain without one")
        return result

    async def _record(self, domain: str) -> Record | None:
        try:
            found = select(await self.records.txt(domain))
        except NotFoundError:
            return None
        except ResolveError:
            raise _TemporaryError from None
        return None if found is None else read_record(found)

    async def _matches(self, directive: Directive, domain: str) -> bool:
        if directive.mechanism is Mechanism.ALL:
            return True
        if directive.ip is not None:
            return directive.holds(directive.ip, self.subject.ip)
        self._count()
        name = await self._name(directive.domain, domain)
        matches = {
            Mechanism.INCLUDE: self._include,
            Mechanism.A: self._a,
            Mechanism.MX: self._mx,
            Mechanism.PTR: self._ptr,
            Mechanism.EXISTS: self._exists,
        }
        return await matches[directive.mechanism](directive, name)

    async def _include(self, _directive: Directive, name: str) -> bool:
        result = await self.check(name)
        if result is Result.NONE:
            raise SpfError("its record includes a domain without one")
        return result is Result.PASS

    async def _a(self, directive: Directive, name: str) -> bool:
        found = await self._found(self._addresses, name)
        return any(directive.holds(ip, self.subject.ip) for ip in found)

    async def _mx(self, directive: Directive, name: str) -> bool:
        exchanges = await self._found(self.records.mx, name)
        if len(exchanges) > MAX_EXCHANGES:
            raise SpfError("its record names too many mail exchanges")
        for exchange in exchanges:
            # Where IPv4 only is usual, three void answers for IPv6 are as well.
            found = await self._found(self._addresses, exchange.host, counted=False)
            if any(directive.holds(ip, self.subject.ip) for ip in found):
                return True
        return False

    async def _ptr(self, _directive: Directive, name: str) -> bool:
        wanted = name.lower()
        return any(
            one == wanted or one.endswith(f".{wanted}") for one in await self._names()
        )

    async def _exists(self, _directive: Directive, name: str) -> bool:
        # RFC 7208 5.7: IPv4 whatever the client's address is.
        return bool(await self._found(self.records.a, name))

    def _addresses(self, name: str) -> Awaitable[tuple[IPAddress, ...]]:
        if isinstance(self.subject.ip, IPv4Address):
            return self.records.a(name)
        return self.records.aaaa(name)

    async def _found(
        self,
        ask: Callable[[str], Awaitable[tuple[T, ...]]],
        name: str,
        *,
        counted: bool = True,
    ) -> tuple[T, ...]:
        try:
            return await ask(name)
        except NotFoundError:
            self.void += counted
        except ResolveError:
            raise _TemporaryError from None
        if self.void > MAX_VOID:
            raise SpfError("its record asks for too much that does not exist")
        return ()

    async def _names(self) -> tuple[str, ...]:
        """RFC 7208 5.5: the client's, validated; without them nothing matches."""
        if self.names is None:
            try:
                self.names = await self.records.ptr(self.subject.ip)
            except ResolveError:
                self.names = ()
        return self.names

    async def _name(self, text: str, domain: str) -> str:
        if not text:
            return domain
        subject = self.subject
        if needs_name(text):
            subject = evolve(subject, name=_best(await self._names(), domain))
        return expand(text, subject.values(domain))

    def _count(self) -> None:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise SpfError("its record asks for too much")


def _best(names: tuple[str, ...], domain: str) -> str:
    """RFC 7208 7.3: the domain itself, else one below it, else any."""
    below = (name for name in names if name.endswith(f".{domain}"))
    if domain in names:
        return domain
    return next(below, next(iter(names), "unknown"))
