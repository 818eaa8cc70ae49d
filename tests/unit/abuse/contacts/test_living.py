"""Who is written to in the place of a dead desk."""

from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
import pytest_twisted
from attrs import define, evolve, field

from sc.abuse.contacts.finder import ContactError
from sc.abuse.contacts.living import LivingFinder, LivingSource
from sc.abuse.contacts.mailbox import Mailbox, Rank
from sc.abuse.contacts.sources.source import Finding
from sc.model.complaint import Contact
from sc.model.envelope import IPAddress
from sc.model.report import ReportState
from tests.fakes.outbox import Bench, report

IP = ip_address("192.0.2.7")
CHOSEN = Contact(
    "Abuse@net.example",
    "rdap",
    "role abuse",
    alternatives=("a@x.example", "b@x.example"),
)
BEYOND = Contact("abuse@transit.example", "whois", "listed")


@pytest_twisted.async_yield_fixture
async def bench(place: str) -> AsyncIterator[Bench]:
    made = Bench.make(place)
    yield made
    await made.store.close()


@define
class Says:
    """A finder that names one contact, or none."""

    contact: Contact | None
    asked: list[IPAddress] = field(factory=list)

    async def find(self, ip: IPAddress) -> Contact:
        self.asked.append(ip)
        if self.contact is None:
            raise ContactError(f"no contact for {ip}")
        return self.contact


async def kill(bench: Bench, *addresses: str) -> None:
    for address in addresses:
        status = await bench.outbox.add(report(address, address))
        await bench.outbox.begin(status.id)
        await bench.outbox.end(status.id, ReportState.SENT, "250 ok")
        reason = "550 5.1.1 unknown"
        await bench.outbox.bounced(status.id, reason, bench.desks.bury)


async def found(
    bench: Bench, chosen: Contact = CHOSEN, beyond: Contact | None = BEYOND
) -> Contact:
    return await LivingFinder(Says(chosen), Says(beyond), bench.desks).find(IP)


async def test_alive(bench: Bench) -> None:
    """Nobody else is asked."""
    beyond = Says(BEYOND)
    assert await LivingFinder(Says(CHOSEN), beyond, bench.desks).find(IP) is CHOSEN
    assert beyond.asked == []


async def test_alternatives(bench: Bench) -> None:
    """First who was named beside it, in order; the answer says instead of whom."""
    await kill(bench, "abuse@net.example")
    other = await found(bench)
    assert (other.address, other.alternatives) == ("a@x.example", ("b@x.example",))
    assert other.reason == "the next best mailbox; instead of Abuse@net.example"
    assert other.note == (
        "abuse@net.example is dead until 2023-12-14 (550 5.1.1 unknown):"
        " a@x.example is written to instead"
    )
    await kill(bench, "a@x.example")
    assert (await found(bench)).address == "b@x.example"


async def test_later_sources(bench: Bench) -> None:
    """Then who the later sources name."""
    await kill(bench, "abuse@net.example", "a@x.example", "b@x.example")
    other = await found(bench)
    assert (other.address, other.source) == ("abuse@transit.example", "whois")
    assert other.reason == "listed; instead of Abuse@net.example"


@pytest.mark.parametrize("beyond", [None, BEYOND])
async def test_nobody(bench: Bench, beyond: Contact | None) -> None:
    """If nobody is alive it stays the dead one: its report is kept back."""
    alone = evolve(CHOSEN, alternatives=())
    await kill(bench, CHOSEN.address, BEYOND.address)
    assert await found(bench, alone, beyond) is alone


async def test_operators_word(bench: Bench) -> None:
    """Whom the operator names is never replaced."""
    await kill(bench, CHOSEN.address)
    named = evolve(CHOSEN, source="override", alternatives=())
    assert await found(bench, named) is named


@define
class Lists:
    """A source with two mailboxes."""

    name: str = "rdap"
    best: Rank = Rank.MARKED

    async def find(self, ip: IPAddress) -> Finding:
        boxes = (Mailbox("Abuse@net.example", Rank.MARKED), Mailbox("b@x", Rank.ROLE))
        return Finding("ripe", boxes, problem="none")


async def test_source(bench: Bench) -> None:
    """A source without its dead."""
    await kill(bench, "abuse@net.example")
    source = LivingSource(Lists(), bench.desks)
    assert (source.name, source.best) == ("rdap", Rank.MARKED)
    finding = await source.find(IP)
    assert [m.address for m in finding.mailboxes] == ["b@x"]
    assert (finding.server, finding.problem) == ("ripe", "none")
