"""Whois: each registry's way to name its desk, and who may send us on."""

from ipaddress import ip_address, ip_network

import pytest

from sc.abuse.contacts.mailbox import Rank
from sc.abuse.contacts.settings import SourceName
from sc.abuse.contacts.sources.whois_text import read
from tests.fakes import whois
from tests.fakes.contacts import Site

IP = ip_address("198.51.100.7")
DESK = "abuse@hosting.example"
NET = (ip_network("198.51.100.0/24"),)


@pytest.mark.parametrize(
    ("text", "address", "rank"),
    [
        (whois.RIPE, DESK, Rank.MARKED),
        (whois.APNIC, DESK, Rank.MARKED),
        (whois.ARIN, DESK, Rank.MARKED),
        (whois.LACNIC, "desk@hosting.example", Rank.ROLE),
        (whois.AFRINIC, DESK, Rank.REMARK),
        ("role: x\ne-mail: abuse@x.example\n", "abuse@x.example", Rank.LOCAL_PART),
        ("role: x\ne-mail: noc@x.example\n", "noc@x.example", Rank.OTHER),
    ],
)
def test_shapes(text: str, address: str, rank: Rank) -> None:
    """Each registry's answer gives the desk, and says how sure it is."""
    best = read("whois.example", text, IP).finding.mailboxes[0]
    assert (best.address, best.rank) == (address, rank)


@pytest.mark.parametrize(
    "text", [whois.RIPE, whois.APNIC, whois.ARIN, whois.LACNIC, whois.AFRINIC]
)
def test_range(text: str) -> None:
    """The smallest range that holds the address is what the answer is about."""
    assert read("whois.example", text, IP).finding.networks == NET
    assert read("whois.example", text, ip_address("9.9.9.9")).finding.networks == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "whois.example names no mailbox for its network"),
        ("% no match\n", "whois.example names no mailbox for its network"),
        ("abuse-mailbox: nobody\ncidr: x\n", "names no mailbox"),
        ("abuse-mailbox: abuse@ripe.net\n", "only a registry's own mailbox"),
        (": \n" * 5000 + "abuse-mailbox: a@x.example", "names no mailbox"),
    ],
)
def test_none(text: str, problem: str) -> None:
    """An answer without a desk says so."""
    found = read("whois.example", text, IP).finding
    assert problem in found.problem
    assert found.mailboxes == ()


def site(**answers: str) -> Site:
    made = Site(sources=(SourceName.WHOIS,))
    made.whois.answers = answers
    return made


async def test_server_of_the_registry() -> None:
    """The registry that gave out the address is asked, in its own words."""
    asking = site(**{"whois.arin.net n + 198.51.100.7": whois.ARIN})
    found = await asking.find(str(IP))
    assert (found.address, found.source, found.network) == (DESK, "whois", NET[0])
    assert found.reason == "the registry marks it as the abuse mailbox (whois.arin.net)"


async def test_referral() -> None:
    """A registry may send us on to another one."""
    asking = site(
        **{
            "whois.arin.net n + 198.51.100.7": whois.REFERRAL,
            "whois.ripe.net 198.51.100.7": whois.RIPE,
        }
    )
    assert (await asking.find(str(IP))).address == DESK


@pytest.mark.parametrize("server", ["evil.example", "whois.arin.net"])
async def test_referral_elsewhere(server: str) -> None:
    """To nobody else, and not in a ring."""
    text = whois.REFERRAL.replace("whois.ripe.net", server)
    asking = site(**{"whois.arin.net n + 198.51.100.7": text})
    assert "whois.arin.net names no mailbox" in await asking.problem(str(IP))
    assert len(asking.whois.asked) == 1


async def test_ring_of_referrals() -> None:
    """Two registries that send us to each other are asked three times in all."""
    back = whois.REFERRAL.replace("whois.ripe.net", "whois.arin.net")
    asking = site(
        **{
            "whois.arin.net n + 198.51.100.7": whois.REFERRAL,
            "whois.ripe.net 198.51.100.7": back,
        }
    )
    await asking.problem(str(IP))
    assert len(asking.whois.asked) == 3


async def test_server_that_is_down() -> None:
    """It is a sentence, and after three failures the server has a pause."""
    asking = Site(sources=(SourceName.WHOIS,), whois_servers={"*": "w.example:4343"})
    for n in (58, 59, 60):
        assert "w.example:4343 cannot be reached" in await asking.problem(f"{n}.0.0.1")
    assert "apnic whois is not asked for another" in await asking.problem("61.0.0.1")
    assert asking.whois.asked[0] == "w.example:4343 58.0.0.1"


async def test_nobody_knows() -> None:
    """What no registry gave out, no whois server is asked about."""
    asking = Site(sources=(SourceName.WHOIS,))
    asking.bootstrap.replace([])
    assert "no whois server knows it" in await asking.problem(str(IP))
