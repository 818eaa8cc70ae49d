"""Whois, for what RDAP leaves out: the registries' servers, and their own words."""

from collections.abc import Mapping

from attrs import frozen
from twisted.internet.defer import CancelledError

from sc.abuse.contacts.bootstrap import EVERY, Bootstrap
from sc.abuse.contacts.mailbox import Rank
from sc.abuse.contacts.pace import Standings
from sc.abuse.contacts.sources.source import Finding, SourceError
from sc.abuse.contacts.sources.whois_text import read
from sc.model.envelope import IPAddress
from sc.net.whois import Whois, WhoisError, parse_server

SERVERS = {
    "afrinic": "whois.afrinic.net",
    "apnic": "whois.apnic.net",
    "arin": "whois.arin.net",
    "lacnic": "whois.lacnic.net",
    "ripe": "whois.ripe.net",
}
MAX_REFERRALS = 2

# ARIN: one network, the smallest, with all that belongs to it.
_QUERIES = {"arin": "n + {ip}"}


@frozen
class WhoisSource:
    """
    @ivar servers: the operator's, by registry name or `*`, in place of `SERVERS`.
    """

    whois: Whois
    standings: Standings
    bootstrap: Bootstrap
    servers: Mapping[str, str]
    name: str = "whois"
    best: Rank = Rank.MARKED

    async def find(self, ip: IPAddress) -> Finding:
        """See `Source.find`."""
        registry = self.bootstrap.registry(ip)
        name = registry.name if registry else ""
        for _ in range(MAX_REFERRALS + 1):
            server = self._server(name)
            if server is None:
                return Finding("whois", problem="no whois server knows it")
            host = parse_server(server)[0]
            found = read(host, await self._ask(name, server, ip), ip)
            referred = self._referred(found.referral)
            if found.finding.mailboxes or referred in (None, name):
                break
            name = str(referred)
        return found.finding

    def _server(self, name: str) -> str | None:
        own = self.servers.get(name) or self.servers.get(EVERY)
        return (own or SERVERS[name]) if name in SERVERS else None

    def _referred(self, host: str) -> str | None:
        """A registry by the name of its server; nobody else can send us on."""
        return next((name for name, known in SERVERS.items() if known == host), None)

    async def _ask(self, name: str, server: str, ip: IPAddress) -> str:
        standing = self.standings.of(f"{name} whois")
        query = _QUERIES.get(name, "{ip}").format(ip=ip)
        async with standing.turn():
            try:
                text = await self.whois.ask(server, query)
            except CancelledError:
                raise
            except WhoisError as e:
                standing.ill(str(e))
                raise SourceError(str(e)) from None
        standing.well()
        return text
