"""Abusix' list of abuse contacts, by DNS: a TXT record under the reversed address."""

from attrs import frozen

from sc.abuse.contacts.mailbox import Rank, listed
from sc.abuse.contacts.sources.reverse import reversed_labels
from sc.abuse.contacts.sources.source import Finding, SourceError
from sc.model.envelope import IPAddress
from sc.net.resolver import NotFoundError, RecordResolver, ResolveError


@frozen
class Abusix:
    """
    @ivar zone: the DNS zone that holds the list.
    """

    resolver: RecordResolver
    zone: str
    name: str = "abusix"
    best: Rank = Rank.LISTED

    async def find(self, ip: IPAddress) -> Finding:
        """See `Source.find`."""
        try:
            texts = await self.resolver.txt(f"{reversed_labels(ip)}.{self.zone}")
        except NotFoundError:
            texts = ()
        except ResolveError as e:
            raise SourceError(str(e)) from None
        said = [t for text in texts for t in text.decode("latin-1").split(",")]
        mailboxes, _ = listed(said, Rank.LISTED)
        problem = "" if mailboxes else "abusix knows none"
        return Finding("abusix", mailboxes, problem=problem)
