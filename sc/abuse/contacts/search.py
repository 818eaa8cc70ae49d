"""What the sources have told about one address so far, and what follows from it."""

from attrs import define, field

from sc.abuse.contacts.mailbox import Mailbox, Rank
from sc.abuse.contacts.sources.source import Finding, Source
from sc.model.complaint import Contact, IPNetwork
from sc.model.envelope import IPAddress

MAX_ALTERNATIVES = 10


@define
class Search:
    """
    The surest mailbox counts; of two that are as sure, the one of the earlier source.

    @ivar failed: sentences of the sources that could not be asked.
    @ivar networks: the ranges of the first source that told any around the address.
    """

    ip: IPAddress
    failed: list[str] = field(factory=list)
    networks: tuple[IPNetwork, ...] = ()
    form: str = ""
    _none: list[str] = field(factory=list)
    _found: list[tuple[Mailbox, str, str]] = field(factory=list)

    def worth(self, source: Source) -> bool:
        """Whether a source can name a surer mailbox than those before it."""
        return not self._found or source.best < self._best[0].rank

    def add(self, source: Source, finding: Finding) -> None:
        if not self.networks and any(self.ip in n for n in finding.networks):
            self.networks = finding.networks
        self.form = self.form or finding.form
        if finding.problem:
            self._none.append(finding.problem)
        self._found += [(m, source.name, finding.server) for m in finding.mailboxes]

    @property
    def settled(self) -> bool:
        """Nobody else need be asked: a desk is known, or the page it wants used."""
        return self._best[0].rank.is_desk if self._found else bool(self.form)

    @property
    def problem(self) -> str:
        return "; ".join([*self.failed, *self._none]) or "nobody was asked"

    def contact(self) -> Contact | None:
        if not self._found:
            return None
        best, source, server = self._best
        others = dict.fromkeys(m.address for m, _, _ in sorted(self._found, key=_rank))
        others.pop(best.address)
        containing = [n for n in self.networks if self.ip in n]
        return Contact(
            best.address,
            source,
            self._reason(best, server),
            max(containing, key=lambda n: n.prefixlen, default=None),
            tuple(others)[:MAX_ALTERNATIVES],
        )

    @property
    def _best(self) -> tuple[Mailbox, str, str]:
        return min(self._found, key=_rank)

    def _reason(self, best: Mailbox, server: str) -> str:
        handle = "".join(c for c in best.handle if c.isascii() and c.isprintable())
        where = f"{server}, {handle}" if handle else server
        failed = f"; {'; '.join(self.failed)}" if self.failed else ""
        return f"{best.rank.reason} ({where}){failed}"


def _rank(found: tuple[Mailbox, str, str]) -> Rank:
    return found[0].rank
