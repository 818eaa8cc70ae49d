"""What a source of abuse contacts is, and what it tells."""

from typing import Protocol

from attrs import frozen

from sc.abuse.contacts.mailbox import Mailbox, Rank
from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress


class SourceError(Exception):
    """The source gave no answer, now; the text says which one, and why."""


@frozen
class Finding:
    """
    @ivar server: who said it: `apnic`, `whois.ripe.net`, ...
    @ivar mailboxes: best first, none of them a registry's or a placeholder.
    @ivar networks: the ranges that the answer is about, if it tells.
    @ivar form: a web page that takes reports, or "".
    @ivar problem: why there is no mailbox.
    """

    server: str
    mailboxes: tuple[Mailbox, ...] = ()
    networks: tuple[IPNetwork, ...] = ()
    form: str = ""
    problem: str = ""


class Source(Protocol):
    @property
    def name(self) -> str:
        """As in `contacts.sources`, and in the contact."""
        ...

    @property
    def best(self) -> Rank:
        """The surest that its answers can be."""
        ...

    async def find(self, ip: IPAddress) -> Finding:
        """
        Who hears about an address.

        @raise SourceError: nobody could tell, now.
        """
        ...
