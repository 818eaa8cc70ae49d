"""Lists of addresses in DNS: what others know of the client (RFC 5782)."""

from collections.abc import Mapping

from attrs import field, frozen

from sc.content.addresses import is_public, unmapped
from sc.content.list_codes import Kind, kind_of, query
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult
from sc.scanners.dns_lists import DNSLists
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.listings import Question
from sc.scanners.senders import Senders
from sc.scanners.settings import Enabled, ScannerSettings, positive
from sc.scanners.zones import ZoneSettings, are_zones

NAME = "dnsbl"
PREFIX = "DNSBL_"


@frozen(kw_only=True)
class DNSBLSettings(ScannerSettings):
    """
    What lists in DNS know of the client's address (RFC 5782).

    @ivar enabled: `auto` skips it while no list works.
    @ivar timeout: seconds for one message; a later answer is none.
    @ivar zones: the lists; none is built in, because each has its own terms.
    """

    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=positive)
    zones: tuple[ZoneSettings, ...] = field(default=(), validator=are_zones(PREFIX))

    def __attrs_post_init__(self) -> None:
        if self.enabled is not Enabled.FALSE and not self.zones:
            raise ValueError("needs zones")


@frozen
class DNSBLScanner:
    """Built in, as it needs no server but DNS; up while one of its lists works."""

    _senders: Senders
    _lists: DNSLists
    _timeout: float

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        question = self._question(message.envelope)
        answers = await self._lists.ask([question], self._timeout)
        return self._lists.findings(answers)

    def _question(self, envelope: Envelope) -> Question:
        self._senders.must_be_strange(envelope)
        if envelope.client_ip is None:
            raise NotScannedError("the client's address is not known")
        ip = unmapped(envelope.client_ip)
        if not is_public(ip):
            raise NotScannedError("the client's address is not public")
        return Question(kind_of(ip), query(ip))

    async def probe(self) -> None:
        await self._lists.test()


def build(settings: DNSBLSettings, ground: Ground) -> DNSBLScanner:
    kinds = (Kind.IPV4, Kind.IPV6)
    lists = DNSLists(PREFIX, kinds, ground.senders, settings.zones)
    return DNSBLScanner(ground.senders, lists, settings.timeout)
