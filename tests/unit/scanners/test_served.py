"""sc.scanners.served: from settings to servers that can be asked."""

import pytest

from sc.model.status import Health
from sc.net.server import Server
from sc.scanners.clamav import ClamAVSettings, build
from sc.scanners.interface import Interface
from sc.scanners.served import Served, exchange
from tests.fakes.ground import ground


@pytest.mark.parametrize(
    ("servers", "interface"),
    [
        (("/run/x weight=2", "127.0.0.1:3310"), Interface.SOCKET),
        (("127.0.0.1:3310", "/run/x"), Interface.NETWORK),
    ],
)
def test_interface(servers: tuple[str, ...], interface: Interface) -> None:
    """Of two kinds each tells its own; before one answers the first counts."""
    settings = ClamAVSettings(servers=servers)
    assert settings.interface is interface
    kinds = [status.interface for status in exchange(settings, ground()).statuses()]
    assert sorted(kinds) == ["network", "socket"]
    assert kinds[0] == interface.value


def test_places() -> None:
    """What the operator wrote, as values."""
    settings = ClamAVSettings(servers=("a:1 weight=3", "/run/x"))
    assert settings.places == (Server("a:1", 3), Server("/run/x"))


def test_scanner_tells_its_servers() -> None:
    """The status page asks the scanner, which tells neither hosts nor paths."""
    scanner = build(ClamAVSettings(servers=("/run/secret/x",)), ground())
    assert isinstance(scanner, Served)
    [status] = scanner.servers()
    assert status.health is Health.UNKNOWN
    assert "secret" not in repr(status)
