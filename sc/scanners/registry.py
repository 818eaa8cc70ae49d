"""The built-in scanners, listed by hand in the order of every answer."""

from collections.abc import Sequence

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from sc.net.stream_exchange import Exchange, client_endpoint
from sc.offload import Offload
from sc.scanners.clamav import ClamAVScanner
from sc.scanners.dkim import DKIMScanner
from sc.scanners.headers import HeadersScanner
from sc.scanners.interface import Interface, Scanner
from sc.scanners.links import LinksScanner
from sc.scanners.patterns import PatternsScanner
from sc.scanners.senders import Senders
from sc.scanners.settings import ScannerSettings, ScannersSettings
from sc.scanners.spamassassin import SpamAssassinScanner
from sc.scanners.spf import SPFScanner


@frozen
class Registered:
    """A scanner and what the operator set for it."""

    scanner: Scanner
    settings: ScannerSettings

    @property
    def name(self) -> str:
        return self.scanner.name


def build_scanners(
    settings: ScannersSettings,
    reactor: IReactorTime,
    offload: Offload,
    senders: Senders,
) -> tuple[Registered, ...]:
    """Every scanner that exists, switched off or not; nothing is asked yet."""

    def exchange(servers: Sequence[str], connect_timeout: float) -> Exchange:
        endpoints = [client_endpoint(reactor, server) for server in servers]
        return Exchange(reactor, endpoints, connect_timeout)

    clam, spam = settings.clamav, settings.spamassassin
    return (
        Registered(PatternsScanner(offload), settings.patterns),
        Registered(HeadersScanner(offload, reactor), settings.headers),
        Registered(LinksScanner(offload), settings.links),
        Registered(
            ClamAVScanner(
                exchange(clam.servers, clam.connect_timeout),
                clam,
                _interface(clam.servers),
            ),
            clam,
        ),
        Registered(
            SpamAssassinScanner(
                exchange(spam.servers, spam.connect_timeout),
                spam,
                _interface(spam.servers),
            ),
            spam,
        ),
        Registered(SPFScanner(senders, settings.spf), settings.spf),
        Registered(DKIMScanner(senders, offload, settings.dkim), settings.dkim),
    )


def _interface(servers: Sequence[str]) -> Interface:
    return Interface.SOCKET if servers[0].startswith("/") else Interface.NETWORK
