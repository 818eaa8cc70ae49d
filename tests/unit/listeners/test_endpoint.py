"""sc.listeners.endpoint: a door that opens at once or says why not."""

from ipaddress import ip_address
from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.protocol import Factory

from sc.access import Peer
from sc.listeners.endpoint import EndpointService, ListenError, peer_of


async def test_opens_and_closes() -> None:
    """A door listens when it is started, and no longer when it is stopped."""
    door = EndpointService(reactor, "tcp:0:interface=127.0.0.1", Factory())
    door.privilegedStartService()
    door.startService()
    assert door.is_open()
    await door.stopService()
    assert not door.is_open()
    await door.close_door()


async def test_started_without_privileges() -> None:
    """startService alone opens it, too."""
    door = EndpointService(reactor, "tcp:0:interface=127.0.0.1", Factory())
    door.startService()
    assert door.is_open()
    await door.stopService()


async def test_port_in_use() -> None:
    """A port that somebody else has is an error before anything runs."""
    first = EndpointService(reactor, "tcp:0:interface=127.0.0.1", Factory())
    first.privilegedStartService()
    assert first.port is not None
    port = first.port.getHost().port  # type: ignore[attr-defined]
    second = EndpointService(reactor, f"tcp:{port}:interface=127.0.0.1", Factory())
    with pytest.raises(ListenError, match=f"tcp:{port}.*in use"):
        second.privilegedStartService()
    await first.stopService()


@pytest.mark.parametrize("endpoint", ["nonsense", "tcp", "tcp:x", "nosuch:1"])
def test_wrong_string(endpoint: str) -> None:
    """A string that is no endpoint names itself in the error."""
    with pytest.raises(ListenError, match=f"^{endpoint}: "):
        EndpointService(reactor, endpoint, Factory()).privilegedStartService()


def test_peer_by_address() -> None:
    """The access rules see an address, without its zone."""
    four, six = (
        IPv4Address("TCP", "192.0.2.1", 25),
        IPv6Address("TCP", "fe80::1%eth0", 25),
    )
    assert peer_of(four) == Peer(ip_address("192.0.2.1"))
    assert peer_of(six) == Peer(ip_address("fe80::1"))


@pytest.mark.parametrize(("mode", "private"), [(0o600, True), (0o666, False)])
async def test_peer_by_socket(tmp_path: Path, mode: int, private: bool) -> None:
    """Who comes through a 0600 socket is the daemon's own user or root."""
    path = tmp_path / "s"
    door = EndpointService(reactor, f"unix:{path}:mode={mode:o}", Factory())
    door.privilegedStartService()
    assert peer_of(UNIXAddress(None), UNIXAddress(str(path))) == Peer(private=private)
    await door.stopService()
    assert peer_of(UNIXAddress(None), UNIXAddress(str(path))) == Peer()
    assert peer_of(UNIXAddress(None), UNIXAddress(None)) == Peer()
