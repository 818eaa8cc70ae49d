"""A guess: `abuse@` the domain (RFC 2142) of an address' own, validated name.

Whoever rents a server chooses its name, so this may be the spammer's own desk.
"""

from attrs import field, frozen
from publicsuffixlist import PublicSuffixList

from sc.abuse.contacts.mailbox import Mailbox, Rank, mailbox, sifted
from sc.abuse.contacts.sources.source import Finding, SourceError
from sc.model.envelope import IPAddress
from sc.net.resolver import NotFoundError, RecordResolver, ResolveError


@frozen
class ReverseName:
    resolver: RecordResolver
    name: str = "rdns"
    best: Rank = Rank.GUESSED
    _suffixes: PublicSuffixList = field(factory=PublicSuffixList, repr=False)

    async def find(self, ip: IPAddress) -> Finding:
        """See `Source.find`."""
        try:
            names = await self.resolver.ptr(ip)
            takers = [d for d in self._domains(names) if await self._takes_mail(d)]
        except NotFoundError:
            takers = []
        except ResolveError as e:
            raise SourceError(str(e)) from None
        addresses = (mailbox(f"abuse@{domain}") for domain in takers)
        mailboxes, _ = sifted(Mailbox(a, Rank.GUESSED) for a in addresses if a)
        problem = "" if mailboxes else "its reverse name leads to no mailbox"
        return Finding("rdns", mailboxes, problem=problem)

    def _domains(self, names: tuple[str, ...]) -> list[str]:
        """What was registered under a public suffix, each once."""
        found = (self._suffixes.privatesuffix(name) for name in names)
        return list(dict.fromkeys(str(domain) for domain in found if domain))

    async def _takes_mail(self, domain: str) -> bool:
        """RFC 5321 5.1: by its mail exchanges; without any, by its address."""
        try:
            return any(exchange.host for exchange in await self.resolver.mx(domain))
        except NotFoundError:
            pass
        try:
            return bool(await self.resolver.addresses(domain))
        except NotFoundError:
            return False
