"""ARIN's own API: the contact whose function is abuse, in its XML-like JSON."""

import json
from ipaddress import ip_network
from typing import Any

import pytest

from sc.abuse.contacts.settings import SourceName
from tests.fakes.contacts import Site
from tests.fakes.web import http

BASE = "https://whois.arin.net/rest/"
IP = "198.51.100.7"
NET = {
    "startAddress": {"$": "198.51.100.0"},
    "endAddress": {"$": "198.51.100.255"},
    "orgRef": {"@handle": "ORG-1", "@name": "Hosting"},
}
ORG = {"handle": {"$": "ORG-1"}, "name": {"$": "Hosting"}}
DESK = {"@handle": "ABUSE1-ARIN", "@function": "AB", "@description": "Abuse"}
NOC = {"@handle": "NOC1-ARIN", "@function": "N", "@description": "NOC"}
ADMIN = {"@handle": "AD1-ARIN", "@function": "AD", "@description": "Admin"}


def site(network: Any, contacts: Any = None, **pocs: Any) -> Site:
    """ARIN with these answers; what is not given does not exist."""
    made = Site(sources=(SourceName.ARIN,))
    answers = {f"ip/{IP}/pft.json": network, "org/ORG-1/pocs.json": contacts}
    answers |= {f"poc/{name}-ARIN.json": value for name, value in pocs.items()}
    for path, answer in answers.items():
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        status = 404 if answer is None else 200
        made.registry.web[BASE + path] = http(status, body)
    return made


def poc(*emails: str) -> Any:
    told = [{"$": email} for email in emails]
    return {"poc": {"emails": {"email": told[0] if len(told) == 1 else told}}}


def pft(**parts: Any) -> Any:
    return {"ns4:pft": parts}


async def test_desk() -> None:
    """The abuse contact of the organisation, not its NOC."""
    asking = site(
        pft(net=NET, org=ORG),
        {"pocs": {"pocLinkRef": [ADMIN, NOC, DESK]}},
        ABUSE1=poc("abuse@hosting.example", "second@hosting.example"),
    )
    found = await asking.find(IP)
    assert (found.address, found.source) == ("abuse@hosting.example", "arin")
    assert found.alternatives == ("second@hosting.example",)
    assert found.network == ip_network("198.51.100.0/24")
    assert "whois.arin.net, ABUSE1-ARIN" in found.reason


@pytest.mark.parametrize(
    "network",
    [
        pft(net=NET),
        pft(net=NET, customer={"parentOrgRef": {"@handle": "ORG-1"}}),
        pft(org=ORG),
    ],
)
async def test_holder(network: Any) -> None:
    """Customers have no contacts: their provider's desk is asked for."""
    asking = site(
        network, {"pocs": {"pocLinkRef": DESK}}, ABUSE1=poc("abuse@hosting.example")
    )
    assert (await asking.find(IP)).address == "abuse@hosting.example"


async def test_noc() -> None:
    """Without an abuse contact it is the NOC, and the answer says so."""
    asking = site(
        pft(org=ORG), {"pocs": {"pocLinkRef": [NOC]}}, NOC1=poc("noc@hosting.example")
    )
    assert "for want of an abuse desk" in (await asking.find(IP)).reason


@pytest.mark.parametrize(
    ("network", "contacts", "poc_answer", "problem"),
    [
        (None, None, None, "names no organisation for it"),
        ([], None, None, "names no organisation for it"),
        (pft(org={"handle": "ORG-1"}), None, None, "names no organisation"),
        (pft(org={"handle": {"$": "../x"}}), None, None, "names no organisation"),
        (pft(org=ORG), None, None, "names no mailbox for its organisation"),
        (pft(org=ORG), {"pocs": {"pocLinkRef": [7]}}, None, "names no mailbox"),
        (pft(org=ORG), {"pocs": {"pocLinkRef": DESK}}, None, "names no mailbox"),
        (pft(org=ORG), {"pocs": {"pocLinkRef": DESK}}, {"poc": 1}, "names no mailbox"),
        (pft(org=ORG), {"pocs": {"pocLinkRef": DESK}}, poc("x"), "names no mailbox"),
        (
            pft(org=ORG),
            {"pocs": {"pocLinkRef": {**DESK, "@handle": "../x"}}},
            None,
            "names no mailbox",
        ),
        (
            pft(org=ORG),
            {"pocs": {"pocLinkRef": DESK}},
            poc("hostmaster@arin.net"),
            "names only a registry's own mailbox",
        ),
        (b"<html>", None, None, "answers what is not JSON"),
        (b"[" * 100_000, None, None, "answers what is not JSON"),
    ],
)
async def test_none(network: Any, contacts: Any, poc_answer: Any, problem: str) -> None:
    """Whatever is missing, null or something else is a sentence."""
    asking = site(network, contacts, ABUSE1=poc_answer)
    assert f"whois.arin.net {problem}" in await asking.problem(IP)


async def test_other_registries() -> None:
    """Of addresses that others gave out ARIN is not asked."""
    asking = site(None)
    assert await asking.problem("193.0.6.139") == (
        "no contact for 193.0.6.139: nobody was asked"
    )
    assert asking.asked == 0
