"""Lists of links' domains in DNS (RFC 5782 2.3): what others know of them."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, field, frozen
from attrs.validators import in_

from sc.content import mime
from sc.content.link_hosts import LinkHost, link_hosts
from sc.content.list_codes import Kind, kind_of, query
from sc.content.media import Media
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.offload import Offload
from sc.scanners.dns_lists import DNSLists
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.listings import Question
from sc.scanners.senders import Senders
from sc.scanners.settings import Enabled, ScannerSettings, positive
from sc.scanners.zones import ZoneSettings, are_zones, is_name

NAME = "uribl"
PREFIX = "URIBL_"


@frozen(kw_only=True)
class URIZoneSettings(ZoneSettings):
    """
    A list of domains in DNS.

    @ivar whole_names: it wants whole host names, not the domain that was registered.
    @ivar test: what it lists for tests, where it is not RFC 5782's `test`.
    """

    whole_names: bool = False
    test: str = field(default=Kind.NAME.listed, validator=is_name)

    def test_entry(self, kind: Kind) -> str:
        return self.test if kind is Kind.NAME else kind.listed

    def takes(self, *, whole: bool | None) -> bool:
        return whole in (None, self.whole_names)


@frozen(kw_only=True)
class URIBLSettings(ScannerSettings):
    """
    What lists in DNS know of the domains that links lead to (RFC 5782).

    @ivar enabled: `auto` skips it while no list works.
    @ivar timeout: seconds for one message; a later answer is none.
    @ivar zones: the lists; none is built in, because each has its own terms.
    @ivar max_domains: of one message that are asked for, up to 100.
    """

    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=positive)
    zones: tuple[URIZoneSettings, ...] = field(default=(), validator=are_zones(PREFIX))
    max_domains: int = field(default=20, validator=in_(range(1, 101)))

    def __attrs_post_init__(self) -> None:
        if self.enabled is not Enabled.FALSE and not self.zones:
            raise ValueError("needs zones")


@frozen
class URIBLScanner:
    """Built in, as it needs no server but DNS; up while one of its lists works."""

    _senders: Senders
    _offload: Offload
    _lists: DNSLists
    _ignored: frozenset[str]
    _settings: URIBLSettings

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        started = self._senders.clock.seconds()
        content, ignored = message.content, self._ignored | set(_own(message.envelope))
        hosts = await self._offload(len(content), look, content, ignored)
        if not hosts:
            raise NotScannedError("no link leads to a host that may be listed")
        questions = tuple(_questions(hosts[: self._settings.max_domains]))
        spent = self._senders.clock.seconds() - started
        left = max(self._settings.timeout - spent, 0.0)
        answers = await self._lists.ask(questions, left)
        unasked = len(hosts) - self._settings.max_domains
        return _with_unasked(self._lists.findings(answers), unasked)

    async def probe(self) -> None:
        await self._lists.test()


def build(settings: URIBLSettings, ground: Ground) -> URIBLScanner:
    also = (Kind.IPV4, Kind.IPV6)
    lists = DNSLists(PREFIX, (Kind.NAME,), ground.senders, settings.zones, also)
    return URIBLScanner(
        ground.senders, ground.offload, lists, ground.ignored_hosts, settings
    )


def look(content: Octets, ignored: frozenset[str]) -> tuple[LinkHost, ...]:
    """The hosts that may be asked for."""
    return link_hosts(mime.read_shared(content, _is_text), ignored)


def _is_text(media: Media) -> bool:
    return media.type.startswith(("text/", "message/"))


def _own(envelope: Envelope) -> Iterator[str]:
    """The recipients' domains: what our own mail is full of."""
    for recipient in envelope.recipients:
        domain = recipient.rpartition("@")[2].lower().strip(".")
        if "." in domain:  # `com` would be half the world
            yield domain


def _questions(hosts: Sequence[LinkHost]) -> Iterator[Question]:
    for one in hosts:
        if one.ip is None:
            yield Question(Kind.NAME, one.domain, one.domain, whole=False)
            yield Question(Kind.NAME, one.host, one.host, whole=True)
        else:
            yield Question(kind_of(one.ip), query(one.ip), one.host)


def _with_unasked(findings: Findings, count: int) -> Findings:
    if count <= 0:
        return findings
    text = "more domains than are asked for"
    symbol = Symbol(f"{PREFIX}MORE", options=(str(count),), description=text)
    return evolve(findings, symbols=(*findings.symbols, symbol))
