"""RIPEstat's abuse contact finder: the registries' databases, read by RIPE NCC."""

import json

from attrs import frozen

from sc.abuse.contacts.mailbox import Rank, listed
from sc.abuse.contacts.registries import Registries
from sc.abuse.contacts.sources.source import Finding, SourceError
from sc.model.envelope import IPAddress

SERVER = "ripestat"
ACCEPT = "application/json"


@frozen
class RIPEstat:
    """
    @ivar base: URL of the data API, with a final slash.
    """

    registries: Registries
    base: str
    name: str = SERVER
    best: Rank = Rank.LISTED

    async def find(self, ip: IPAddress) -> Finding:
        """See `Source.find`."""
        # They ask programs to name themselves in `sourceapp`.
        path = f"abuse-contact-finder/data.json?resource={ip}&sourceapp=sc"
        told = await self.registries.get(self.base + path, SERVER, ACCEPT)
        try:
            answer = json.loads(told.fetched.body)
            contacts = answer["data"]["abuse_contacts"]
            said = [str(text) for text in contacts]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise SourceError(f"{SERVER} answers what it should not") from None
        mailboxes, _ = listed(said, Rank.LISTED)
        problem = "" if mailboxes else f"{SERVER} knows none"
        return Finding(SERVER, mailboxes, problem=problem)
