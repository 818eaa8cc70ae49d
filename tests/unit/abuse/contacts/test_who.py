"""sc.abuse.contacts.who: the contacts for what a person types."""

from ipaddress import ip_address

import pytest
from twisted.internet.defer import CancelledError, Deferred

from sc.abuse.contacts.who import NoSuchHostError, Who
from sc.model.complaint import Contact
from tests.fakes.abuse import StubFinder, StubResolver

FINDER = StubFinder(
    {"192.0.2.7": "abuse@net.example", "192.0.2.0": "abuse@net.example"}
)
WHO = Who(FINDER, StubResolver({"shop.example": ("192.0.2.7", "192.0.2.8")}))


@pytest.mark.parametrize("what", ["192.0.2.7", "192.0.2.0/24", "192.0.2.9/24"])
async def test_address(what: str) -> None:
    """An address, or a network by its first one."""
    (answer,) = await WHO.tell(what)
    assert answer.contact is not None
    assert answer.contact.address == "abuse@net.example"


async def test_six() -> None:
    """Also in brackets, as URLs have it; that there is no contact is an answer."""
    (answer,) = await WHO.tell("[2001:db8::1]")
    assert answer.ip == ip_address("2001:db8::1")
    assert answer.contact is None
    assert answer.problem == ("no contact for 2001:db8::1: the registry names none")


async def test_host() -> None:
    """Each of a host's addresses may belong to somebody else."""
    found = await WHO.tell("Shop.Example")
    assert [str(answer.ip) for answer in found] == ["192.0.2.7", "192.0.2.8"]
    assert [answer.contact is None for answer in found] == [False, True]


@pytest.mark.parametrize(
    "what", ["", "nowhere", "a b.example", "-a.example", "x" * 300 + ".example", "a..b"]
)
async def test_nothing(what: str) -> None:
    """What is none of them is not even looked up."""
    resolver = StubResolver({})
    with pytest.raises(NoSuchHostError, match="no address, no network and no host"):
        await Who(FINDER, resolver).tell(what)
    assert resolver.asked == []


async def test_host_without_address() -> None:
    """The resolver's own words."""
    with pytest.raises(NoSuchHostError, match=r"gone\.example has no address"):
        await WHO.tell("gone.example")


async def test_nobody_waits() -> None:
    """Who asked has left: that is no failure of ours."""

    class Hanging:
        async def find(self, ip: object) -> Contact:
            return await Deferred()

    work = Deferred.fromCoroutine(Who(Hanging(), StubResolver({})).tell("192.0.2.7"))
    work.cancel()
    with pytest.raises(CancelledError):
        await work
