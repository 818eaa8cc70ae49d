"""The whois client against a real server that can fail."""

from ipaddress import ip_network
from typing import cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime

from sc.net.resolver import Destinations
from sc.net.whois import MAX_ANSWER, GuardedWhois, WhoisError, parse_server
from tests.fakes.faults import Fault
from tests.fakes.whois import serving_whois
from tests.unit.net.test_fetcher import Names

REACTOR = cast(IReactorTime, reactor)
LOCAL = Names({"whois.example": ["127.0.0.1"]})


def client(timeout: float = 0.3) -> GuardedWhois:
    return GuardedWhois(REACTOR, LOCAL, Destinations.ANY, timeout=timeout)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("e-mail: a@b.example\r\ndescr: Größe\r\n".encode(), "Größe"),
        ("descr: Größe\r\n".encode("latin-1"), "Größe"),
        (b"x" * MAX_ANSWER, "x" * MAX_ANSWER),
    ],
)
async def test_answer(octets: bytes, text: str) -> None:
    """One line goes out, and all that comes until the end is the answer."""
    async with serving_whois({"n + 192.0.2.1": octets}) as address:
        server = address.replace("127.0.0.1", "whois.example")
        assert text in await client(2.0).ask(server, "n + 192.0.2.1")


# Whois has no end of its own: what is cut or nonsense looks like an answer.
@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.TRUNCATE])
async def test_not_the_whole(fault: Fault) -> None:
    """A server that sends something else has sent some text."""
    whole = "line\r\n" * 20
    async with serving_whois({"x": whole.encode()}, fault) as address:
        assert await client().ask(address, "x") != whole


@pytest.mark.parametrize(
    "fault", [f for f in Fault if f not in (Fault.GARBAGE, Fault.TRUNCATE)]
)
async def test_fault(fault: Fault) -> None:
    """Whatever else a server does, it ends in time, with a sentence about it."""
    async with serving_whois({"x": b"line\r\n" * 20}, fault) as address:
        with pytest.raises(WhoisError, match=r"127\.0\.0\.1"):
            await client().ask(address, "x")


async def test_too_long() -> None:
    """An answer is 64 KiB at most."""
    async with serving_whois({"x": b"x" * (MAX_ANSWER + 1)}) as address:
        with pytest.raises(WhoisError, match="longer than 65536 octets"):
            await client(2.0).ask(address, "x")


async def test_unknown_server() -> None:
    """A server without an address is a sentence."""
    with pytest.raises(WhoisError, match=r"missing\.example has no address"):
        await client().ask("missing.example", "x")


@pytest.mark.parametrize(
    ("whois", "problem"),
    [
        (GuardedWhois(REACTOR, LOCAL), "its address 127.0.0.1 is not public"),
        (
            GuardedWhois(
                REACTOR, LOCAL, Destinations.ANY, (ip_network("127.0.0.0/8"),)
            ),
            "its address 127.0.0.1 is our own",
        ),
    ],
)
async def test_never_to_ourselves(whois: GuardedWhois, problem: str) -> None:
    """DNS cannot make us connect into our own networks."""
    with pytest.raises(WhoisError, match=problem):
        await whois.ask("whois.example", "x")


async def test_leaving() -> None:
    """One who stops waiting leaves no connection behind."""
    async with serving_whois({}, Fault.HANG) as address:
        work = Deferred.fromCoroutine(client().ask(address, "x"))
        work.cancel()
        with pytest.raises(CancelledError):
            await work


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("whois.example", ("whois.example", 43)),
        ("whois.example:4343", ("whois.example", 4343)),
        ("192.0.2.1", ("192.0.2.1", 43)),
        ("2001:db8::1", ("2001:db8::1", 43)),
        ("[2001:db8::1]:44", ("2001:db8::1", 44)),
    ],
)
def test_server(text: str, server: tuple[str, int]) -> None:
    """A server is a host, with a port if need be."""
    assert parse_server(text) == server


@pytest.mark.parametrize(
    "text", ["", "a b", "x:0", "x:99999", "x:y", "whois://x", ":1"]
)
def test_no_server(text: str) -> None:
    """A server that is none is refused with the settings."""
    with pytest.raises(ValueError, match="is not a server: host or host:port"):
        parse_server(text)
