"""The resolver against a real name server that can fail."""

from collections.abc import Coroutine
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import capturedLogs

from sc.net.dns_exchange import Server
from sc.net.resolver import (
    DNSResolver,
    NotFoundError,
    ResolveFailedError,
    ResolverSettings,
    parse_server,
    system_servers,
)
from sc.wire.dns import MailExchange
from tests.fakes.dns import FakeDNS, Trouble, Zone, serving_dns
from tests.fakes.faults import Fault

REACTOR = cast(IReactorTime, reactor)
ZONE: Zone = {
    "host.example": ["192.0.2.1", "2001:db8::1"],
    "four.example": ["192.0.2.4"],
    "www.host.example": "host.example",
    "ring.example": "knot.example",
    "knot.example": "ring.example",
    "nowhere.example": "missing.example",
    "many.example": [f"192.0.2.{n}" for n in range(1, 61)],
    "broken.example": Trouble.SERVFAIL,
    "refused.example": Trouble.REFUSED,
    "text.example": ["TXT first", "TXT " + "x" * 300, "192.0.2.4"],
    "alias.example": "text.example",
    "vast.example": ["TXT " + "x" * 2000] * 9,
    "mail.example": ["MX 20 second.example", "MX 10 first.example"],
    "1.2.0.192.in-addr.arpa": ["PTR host.example", "PTR four.example"],
    "2.2.0.192.in-addr.arpa": [
        "PTR host.example",
        "PTR bad name.example",
        "PTR 192.0.2.2",
    ],
    "3.2.0.192.in-addr.arpa": ["PTR host.example", "PTR broken.example"],
    ip_address("2001:db8::1").reverse_pointer: ["PTR host.example"],
}


class Later:
    """The reactor, with the clock's hands moved by a test."""

    def __init__(self) -> None:
        self.offset = 0.0

    def seconds(self) -> float:
        return REACTOR.seconds() + self.offset

    def __getattr__(self, name: str) -> Any:
        return getattr(REACTOR, name)


def resolver(dns: FakeDNS, timeout: float = 2.0, **more: Any) -> DNSResolver:
    return DNSResolver(ResolverSettings((dns.address,), timeout, **more), REACTOR)


def ips(*texts: str) -> tuple[Any, ...]:
    return tuple(map(ip_address, texts))


async def test_both_families() -> None:
    """A host's addresses are all that DNS has, IPv4 first."""
    async with serving_dns(ZONE) as dns:
        found = await resolver(dns).addresses("Host.Example.")
    assert found == ips("192.0.2.1", "2001:db8::1")


@pytest.mark.parametrize("host", ["192.0.2.9", "2001:db8::9", "[2001:db8::9]"])
async def test_an_address_is_its_own(host: str) -> None:
    """Nobody asks DNS for what is an address already."""
    async with serving_dns(ZONE) as dns:
        found = await resolver(dns).addresses(host)
    assert found == ips(host.strip("[]"))
    assert dns.asked == []


async def test_one_family_only() -> None:
    """A host without IPv6 is found."""
    async with serving_dns(ZONE) as dns:
        assert await resolver(dns).addresses("four.example") == ips("192.0.2.4")


@pytest.mark.parametrize("follow", [True, False])
async def test_alias(follow: bool) -> None:
    """An alias leads to its host, also when the server leaves that to us."""
    async with serving_dns(ZONE, follow=follow) as dns:
        found = await resolver(dns).addresses("www.host.example")
    assert found == ips("192.0.2.1", "2001:db8::1")


@pytest.mark.parametrize("follow", [True, False])
async def test_alias_ring(follow: bool) -> None:
    """Aliases that lead in a ring end with an error."""
    async with serving_dns(ZONE, follow=follow) as dns:
        with pytest.raises(ResolveFailedError, match=r"ring|too many aliases"):
            await resolver(dns).addresses("ring.example")


@pytest.mark.parametrize("name", ["missing.example", "nowhere.example"])
async def test_not_found(name: str) -> None:
    """What does not exist is told apart from what could not be asked."""
    async with serving_dns(ZONE) as dns:
        with pytest.raises(NotFoundError, match=f"{name} has no address"):
            await resolver(dns).addresses(name)


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "x" * 64, "ä.example", "a b.example", "a." * 130]
)
async def test_no_host_name(name: str) -> None:
    """What cannot be a host name is not asked for."""
    async with serving_dns(ZONE) as dns:
        with pytest.raises(NotFoundError, match="is not a host name"):
            await resolver(dns).addresses(name)
    assert dns.asked == []


async def test_leaves_no_line_in_the_log() -> None:
    """A question opens a socket of its own; the operator's log hears nothing of it."""
    async with serving_dns(ZONE) as dns:
        with capturedLogs() as logs:
            assert await resolver(dns).addresses("four.example") == ips("192.0.2.4")
    assert logs == []


async def test_nobody_listens() -> None:
    """A name server that is not there is told from one that is silent."""
    async with serving_dns(ZONE) as dns:
        pass
    with pytest.raises(ResolveFailedError, match="cannot be reached"):
        await resolver(dns).addresses("four.example")


async def test_large_answer_over_tcp() -> None:
    """An answer that no datagram holds arrives over TCP."""
    async with serving_dns(ZONE) as dns:
        assert len(await resolver(dns).addresses("many.example")) == 60


@pytest.mark.parametrize(
    ("name", "code"), [("broken.example", "SERVFAIL"), ("refused.example", "REFUSED")]
)
async def test_error_code(name: str, code: str) -> None:
    """An error of the server is named, and the server with it."""
    async with serving_dns(ZONE) as dns:
        with pytest.raises(ResolveFailedError, match=f"{dns.address} answers {code}"):
            await resolver(dns).addresses(name)


@pytest.mark.parametrize("fault", list(Fault))
async def test_fault(fault: Fault) -> None:
    """Whatever a name server does, the question ends in time with an error."""
    async with serving_dns(ZONE, fault) as dns:
        with pytest.raises(ResolveFailedError, match=r"host\.example cannot be"):
            await resolver(dns, timeout=0.2).addresses("host.example")


@pytest.mark.parametrize("fault", list(Fault))
async def test_fault_over_tcp(fault: Fault) -> None:
    """The same holds for the long answer that TCP was to bring."""
    async with serving_dns(ZONE, fault, tcp_only=True) as dns:
        with pytest.raises(ResolveFailedError, match=r"many\.example cannot be"):
            await resolver(dns, timeout=0.2).addresses("many.example")


async def test_old_server() -> None:
    """A server that does not know EDNS is asked again without."""
    async with serving_dns(ZONE, edns=False) as dns:
        found = await resolver(dns, timeout=0.4).addresses("four.example")
    assert found == ips("192.0.2.4")


async def test_second_server() -> None:
    """The next server answers when the first is gone."""
    async with serving_dns({}, Fault.REFUSE) as gone, serving_dns(ZONE) as dns:
        settings = ResolverSettings((gone.address, dns.address), 2.0)
        found = await DNSResolver(settings, REACTOR).addresses("four.example")
    assert found == ips("192.0.2.4")


async def test_cached() -> None:
    """What is known is not asked for again, until it is too old."""
    clock = Later()
    async with serving_dns(ZONE, ttl=30) as dns:
        known = DNSResolver(ResolverSettings((dns.address,), 2.0), cast(Any, clock))
        for host in ("host.example", "missing.example"):
            for _ in range(2):
                await _outcome(known.addresses(host))
        assert len(dns.asked) == 4
        clock.offset = 31.0
        await known.addresses("host.example")
        assert len(dns.asked) == 6


async def test_failure_is_remembered_for_a_moment() -> None:
    """One mail with a hundred links to a dead zone asks once."""
    async with serving_dns(ZONE) as dns:
        known = resolver(dns)
        await _outcome(known.addresses("broken.example"))
        asked = len(dns.asked)
        await _outcome(known.addresses("broken.example"))
        assert len(dns.asked) == asked


async def test_cache_is_bounded() -> None:
    """The least recently used name is forgotten first."""
    async with serving_dns(ZONE) as dns:
        known = resolver(dns, cache_size=4)
        for host in ("host.example", "four.example", "host.example", "many.example"):
            await known.addresses(host)
        asked = len(dns.asked)
        await known.addresses("host.example")
        assert len(dns.asked) == asked
        await known.addresses("four.example")
        assert len(dns.asked) == asked + 2


async def test_asked_once() -> None:
    """Many who ask for the same name at the same time cause one question."""
    async with serving_dns(ZONE) as dns:
        known = resolver(dns)
        found = await gatherResults(
            [Deferred.fromCoroutine(known.addresses("four.example")) for _ in range(9)],
            consumeErrors=True,
        )
    assert set(found) == {ips("192.0.2.4")}
    assert len(dns.asked) == 2


@pytest.mark.parametrize("name", ["text.example", "alias.example", "Text.example."])
async def test_txt(name: str) -> None:
    """Each TXT record is one text, however it was cut, behind aliases as well."""
    async with serving_dns(ZONE) as dns:
        assert await resolver(dns).txt(name) == (b"first", b"x" * 300)


async def test_mx() -> None:
    """Who takes mail for a domain is told in the order of preference."""
    async with serving_dns(ZONE) as dns:
        assert await resolver(dns).mx("mail.example") == (
            MailExchange(10, "first.example"),
            MailExchange(20, "second.example"),
        )


@pytest.mark.parametrize(
    ("name", "error", "problem"),
    [
        ("four.example", NotFoundError, "four.example has no TXT record"),
        ("missing.example", NotFoundError, "missing.example has no TXT record"),
        ("bad name", NotFoundError, "is not a host name"),
        ("broken.example", ResolveFailedError, "answers SERVFAIL"),
        ("vast.example", ResolveFailedError, "more than 16384 octets of text"),
    ],
)
async def test_no_txt(name: str, error: type[Exception], problem: str) -> None:
    """What is not there and what nobody can tell are told apart."""
    async with serving_dns(ZONE) as dns:
        with pytest.raises(error, match=problem):
            await resolver(dns).txt(name)


@pytest.mark.parametrize("ip", ["192.0.2.1", "2001:db8::1"])
async def test_ptr(ip: str) -> None:
    """Of the names of an address, those count that lead back to it."""
    async with serving_dns(ZONE) as dns:
        assert await resolver(dns).ptr(ip_address(ip)) == ("host.example",)


@pytest.mark.parametrize(
    ("ip", "error", "problem"),
    [
        ("192.0.2.2", NotFoundError, "no name of 192.0.2.2 leads back to it"),
        ("192.0.2.3", ResolveFailedError, "no name of 192.0.2.3 can be resolved now"),
        ("192.0.2.9", NotFoundError, "has no PTR record"),
    ],
)
async def test_no_ptr(ip: str, error: type[Exception], problem: str) -> None:
    """A reverse name that somebody made up, or cannot be checked, is none."""
    async with serving_dns(ZONE) as dns:
        with pytest.raises(error, match=problem):
            await resolver(dns).ptr(ip_address(ip))


async def test_leaving() -> None:
    """One who stops waiting leaves no socket behind and disturbs nobody."""
    async with serving_dns(ZONE, Fault.HANG) as dns:
        known = resolver(dns, timeout=0.2)
        first = Deferred.fromCoroutine(known.addresses("host.example"))
        second = Deferred.fromCoroutine(known.addresses("host.example"))
        first.cancel()
        with pytest.raises(CancelledError):
            await first
        with pytest.raises(ResolveFailedError):
            await second


async def test_all_leave() -> None:
    """When nobody waits any more, nothing is asked any more."""
    async with serving_dns(ZONE, Fault.HANG) as dns:
        work = Deferred.fromCoroutine(resolver(dns).addresses("host.example"))
        work.cancel()
        with pytest.raises(CancelledError):
            await work


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", Server("192.0.2.1", 53)),
        ("192.0.2.1:5353", Server("192.0.2.1", 5353)),
        ("2001:db8::1", Server("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", Server("2001:db8::1", 5353)),
    ],
)
def test_server(text: str, server: Server) -> None:
    """A name server is an address, with a port if need be."""
    assert parse_server(text) == server


@pytest.mark.parametrize("text", ["", "ns.example", "192.0.2.1:0", "192.0.2.1:dns"])
def test_no_server(text: str) -> None:
    """A name server that is none is refused with the settings."""
    with pytest.raises(ValueError, match="is not a name server: ip or ip:port"):
        ResolverSettings(servers=(text,))


def test_system_servers(tmp_path: Path) -> None:
    """Without servers in the settings, those of the system are asked."""
    conf = tmp_path / "resolv.conf"
    conf.write_text(
        "# x\nnameserver 192.0.2.1\nnameserver fe80::1%eth0:1\noptions rotate\n"
    )
    assert system_servers(conf) == (Server("192.0.2.1"),)
    assert system_servers(tmp_path / "none") == (Server("127.0.0.1"),)


async def _outcome(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except (NotFoundError, ResolveFailedError) as e:
        return e
