"""Several sources: their order, who is asked at all, and which answer counts."""

from ipaddress import ip_network
from typing import Any

import pytest

from sc.abuse.contacts.finder import ContactError
from sc.abuse.contacts.settings import DEFAULT, ContactSettings, SourceName
from sc.net.fetcher import FetchError
from tests.fakes import rdap, whois
from tests.fakes.contacts import DESK, IP, NET, Site
from tests.fakes.rdap import entity, network, remark
from tests.fakes.web import http

LISTED = "80.113.0.203.abuse-contacts.abusix.zone"
SILENT = network("203.0.113.0/24")
WEAK = network("203.0.113.0/24", entity("T", ["technical"], "noc@hosting.example"))
TWO = (SourceName.RDAP, SourceName.ABUSIX)


def site(answer: object, *sources: SourceName, **settings: Any) -> Site:
    """RDAP with this answer, Abusix with another desk."""
    made = Site({"203.0.113.0/24": answer}, sources=sources or TWO, **settings)
    made.names.texts[LISTED] = ["listed@hosting.example"]
    return made


async def test_first_desk_ends_it() -> None:
    """Where the registry names a desk, nobody else learns that we asked."""
    asking = site(NET, *DEFAULT)
    assert (await asking.find()).source == "rdap"
    assert (asking.names.asked, asking.whois.asked) == ([], [])


async def test_order() -> None:
    """The operator says who is asked first."""
    asking = site(NET, *reversed(TWO))
    assert (await asking.find()).address == "listed@hosting.example"
    assert asking.asked == 0


async def test_switched_off() -> None:
    """A source that is not listed is not asked."""
    asking = site(SILENT, SourceName.RDAP)
    assert "names no mailbox" in await asking.problem()
    assert asking.names.asked == []


async def test_nobody() -> None:
    """Without any source there are the overrides only."""
    asking = Site(sources=(), overrides={"192.0.2.0/24": DESK})
    assert await asking.problem() == f"no contact for {IP}: nobody was asked"
    assert (await asking.find("192.0.2.1")).address == DESK


async def test_next_source() -> None:
    """What the registry leaves out, the next one knows; the range is the registry's."""
    found = await site(SILENT).find()
    assert (found.address, found.source) == ("listed@hosting.example", "abusix")
    assert found.network == ip_network("203.0.113.0/24")


async def test_range_of_the_registry_is_remembered() -> None:
    """A fallback's answer serves the registry's whole range, asked once."""
    wide = network("203.0.112.0/20")
    asking = Site({"203.0.112.0/20": wide}, sources=TWO)
    asking.names.texts[LISTED] = ["listed@hosting.example"]
    first = await asking.find()
    assert await asking.find("203.0.120.1") == first
    assert asking.names.asked == [LISTED]


async def test_desk_before_technician() -> None:
    """A desk that another source knows is surer than a registry's technician."""
    found = await site(WEAK).find()
    assert found.address == "listed@hosting.example"
    assert found.alternatives == ("noc@hosting.example",)


async def test_technician_before_guess() -> None:
    """Where no desk is known, nobody guesses while a person is named."""
    asking = site(WEAK, SourceName.RDAP, SourceName.RDNS)
    assert (await asking.find()).address == "noc@hosting.example"
    assert asking.names.asked == []


async def test_form_ends_it() -> None:
    """A network that wants its page used is not written to at a listed mailbox."""
    told = remark("report abuse at https://x.example/abuse")
    asking = site(network("203.0.113.0/24", remarks=told))
    with pytest.raises(ContactError) as caught:
        await asking.find()
    assert caught.value.form == "https://x.example/abuse"
    assert asking.names.asked == []


async def test_form_is_remembered_as_a_contact_is() -> None:
    """It is the network's own word, not a failure that is tried again soon."""
    told = remark("report abuse at https://x.example/abuse")
    asking = site(network("203.0.113.0/24", remarks=told), ttl=3600.0)
    await asking.problem()
    asking.clock.advance(3599.0)
    await asking.problem()
    assert asking.asked == 1


async def test_registry_is_down() -> None:
    """Then the next source answers, says why it was asked, and for a while only."""
    asking = site(NET, ttl=86_400.0, negative_ttl=600.0)
    asking.registry.broken = FetchError("rdap.apnic.net cannot be reached")
    found = await asking.find()
    assert found.address == "listed@hosting.example"
    assert found.reason.endswith("(abusix); rdap.apnic.net cannot be reached")
    asking.registry.broken = None
    asking.clock.advance(601.0)
    assert (await asking.find()).source == "rdap"


async def test_old_answer_before_another_source() -> None:
    """What the registry said before is better than what somebody else says now."""
    asking = site(NET, ttl=100.0)
    await asking.find()
    asking.clock.advance(101.0)
    asking.registry.broken = FetchError("rdap.apnic.net cannot be reached")
    found = await asking.find()
    assert (found.address, found.source) == (DESK, "rdap")
    assert asking.names.asked == []


async def test_all_problems_are_told() -> None:
    """Nobody knows one: the operator reads what each of them said."""
    asking = Site({"203.0.113.0/24": SILENT}, sources=DEFAULT)
    asking.registry.web[
        "https://stat.ripe.net/data/abuse-contact-finder/data.json"
        f"?resource={IP}&sourceapp=sc"
    ] = http(500)
    assert await asking.problem() == (
        f"no contact for {IP}: ripestat answers HTTP 500;"
        " whois.apnic.net cannot be reached;"
        " apnic names no mailbox for its network; abusix knows none"
    )


async def test_whois_fills_what_rdap_leaves_out() -> None:
    """Brazil's registry hides the mailbox in RDAP and shows it in whois."""
    answers = {"200.160.0.0/20": rdap.registro_br("200.160.0.0/20")}
    asking = Site(answers, sources=(SourceName.RDAP, SourceName.WHOIS))
    asking.whois.answers["whois.lacnic.net 200.160.0.8"] = whois.LACNIC
    found = await asking.find("200.160.0.8")
    assert (found.address, found.source) == ("desk@hosting.example", "whois")
    assert found.network == ip_network("200.160.0.0/20")


@pytest.mark.parametrize("ip", ["192.168.1.1", "100.64.0.1", "fd00::1", "239.1.1.1"])
async def test_inner_addresses(ip: str) -> None:
    """Nobody is asked about addresses that are none of the internet's."""
    asking = site(NET, *SourceName)
    assert "it is no address of the public internet" in await asking.problem(ip)
    assert (asking.asked, asking.names.asked, asking.whois.asked) == (0, [], [])


async def test_own_networks() -> None:
    """Our own networks get no mail, and nobody is asked about them."""
    own = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
    asking = Site(own=own, overrides={str(IP): DESK})
    assert await asking.problem() == f"no contact for {IP}: it is in our own networks"
    assert "in our own networks" in await asking.problem("::ffff:203.0.113.9")
    assert asking.asked == 0


def test_defaults() -> None:
    """What guesses, or asks about routes, is asked only if the operator says so."""
    assert set(SourceName) - set(ContactSettings().sources) == {
        SourceName.AUTNUM,
        SourceName.RDNS,
    }
