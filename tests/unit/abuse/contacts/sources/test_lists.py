"""Abusix, RIPEstat, the AS and the reverse name: what each says, and when it cannot."""

import json
from typing import Any

import pytest

from sc.abuse.contacts.settings import SourceName
from tests.fakes import rdap
from tests.fakes.contacts import Site
from tests.fakes.rdap import entity
from tests.fakes.web import http

IP = "203.0.113.80"
DESK = "abuse@hosting.example"
ABUSIX = "80.113.0.203.abuse-contacts.abusix.zone"
CYMRU = "80.113.0.203.origin.asn.cymru.com"
RIPESTAT = (
    "https://stat.ripe.net/data/abuse-contact-finder/data.json"
    f"?resource={IP}&sourceapp=sc"
)


def site(source: SourceName, **settings: Any) -> Site:
    return Site(sources=(source,), **settings)


async def test_abusix() -> None:
    """A text record under the reversed address, with a comma between mailboxes."""
    asking = site(SourceName.ABUSIX)
    asking.names.texts[ABUSIX] = [f"{DESK}, second@hosting.example"]
    found = await asking.find(IP)
    assert (found.address, found.source) == (DESK, "abusix")
    assert found.alternatives == ("second@hosting.example",)
    assert found.reason == "listed as the abuse contact (abusix)"


async def test_abusix_ipv6() -> None:
    """An IPv6 address is asked for by its 32 nibbles."""
    asking = site(SourceName.ABUSIX, abusix_zone="list.example")
    await asking.problem("2001:db8::1")
    nibbles = "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2"
    assert asking.names.asked == [f"{nibbles}.list.example"]


@pytest.mark.parametrize(
    "text", ["", "removed@lacnic.net", "no-email@x.example", "nonsense"]
)
async def test_abusix_knows_none(text: str) -> None:
    """Placeholders and registries' mailboxes are none."""
    asking = site(SourceName.ABUSIX)
    asking.names.texts[ABUSIX] = [text]
    assert "abusix knows none" in await asking.problem(IP)


async def test_abusix_is_down() -> None:
    """It is asked again soon, not believed to know none."""
    asking = site(SourceName.ABUSIX, failure_ttl=60.0)
    asking.names.broken = {ABUSIX}
    assert "cannot be looked up" in await asking.problem(IP)
    asking.names.broken = set()
    asking.names.texts[ABUSIX] = [DESK]
    asking.clock.advance(61.0)
    assert (await asking.find(IP)).address == DESK


async def test_ripestat() -> None:
    """The list of mailboxes that RIPE NCC found in the registries' databases."""
    asking = site(SourceName.RIPESTAT)
    answer = {"status": "ok", "data": {"abuse_contacts": [DESK], "resource": IP}}
    asking.registry.web[RIPESTAT] = http(200, json.dumps(answer).encode())
    found = await asking.find(IP)
    assert (found.address, found.source) == (DESK, "ripestat")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"data": {"abuse_contacts": []}}', "ripestat knows none"),
        (b'{"data": {"abuse_contacts": [7, null]}}', "ripestat knows none"),
        (b'{"data": {}}', "ripestat answers what it should not"),
        (b'{"data": {"abuse_contacts": 7}}', "ripestat answers what it should not"),
        (b"[" * 100_000, "ripestat answers what it should not"),
        (b"<html>", "ripestat answers what it should not"),
    ],
)
async def test_ripestat_none(body: bytes, problem: str) -> None:
    """What is missing and what is no answer are told apart."""
    asking = site(SourceName.RIPESTAT)
    asking.registry.web[RIPESTAT] = http(200, body)
    assert problem in await asking.problem(IP)


def announced(asking: Site, *texts: str) -> Site:
    asking.names.texts[CYMRU] = list(texts)
    return asking


def autnum(*entities: Any) -> Any:
    return {"objectClassName": "autnum", "handle": "AS64500", "entities": [*entities]}


async def test_autnum() -> None:
    """The desk of the AS that announces the smallest network around the address."""
    asking = announced(
        site(SourceName.AUTNUM),
        "64499 | 203.0.0.0/16 | AU | apnic | 2010-07-14",
        "64500 64501 | 203.0.113.0/24 | AU | apnic | 2010-07-14",
    )
    asking.registry.paths["/autnum/64500"] = autnum(entity("D", ["abuse"], DESK))
    found = await asking.find(IP)
    assert (found.address, found.source) == (DESK, "autnum")
    assert found.reason == (
        "the abuse desk of the network that announces the address (apnic, AS64500, D)"
    )


async def test_autnum_by_list() -> None:
    """IANA's list says which registry knows an AS; without it, whose the network is."""
    asking = announced(
        site(SourceName.AUTNUM), "64500 | 203.0.113.0/24 | AU | ripencc | 2010-07-14"
    )
    asking.registry.paths["/autnum/64500"] = autnum(entity("D", ["abuse"], DESK))
    await asking.find(IP)
    assert asking.registry.urls == ["https://rdap.db.ripe.net/autnum/64500"]
    services = [[["64500-64510"], ["https://rdap.arin.net/registry/"]]]
    asking.bootstrap.replace([json.dumps({"services": services}).encode()])
    asking.clock.advance(1e6)
    await asking.find(IP)
    assert asking.registry.urls[1:] == ["https://rdap.arin.net/registry/autnum/64500"]


@pytest.mark.parametrize(
    ("text", "answer", "problem"),
    [
        ("x | y", None, "no known AS announces it"),
        ("64500 | 203.0.113.0/24 | | nobody |", None, "no known AS announces it"),
        ("64500 | 203.0.113.0/24 | AU | apnic |", None, "AS64500 is not registered"),
        (
            "64500 | 203.0.113.0/24 | AU | apnic |",
            autnum(entity("T", ["technical"], "noc@x.example")),
            "apnic, AS64500 names no abuse desk",
        ),
        (
            "64500 | 203.0.113.0/24 | AU | apnic |",
            autnum(),
            "apnic, AS64500 names no mailbox for its network",
        ),
        (
            "64500 | 203.0.113.0/24 | AU | apnic |",
            rdap.network("203.0.113.0/24"),
            "the answer is not about a network",
        ),
    ],
)
async def test_autnum_none(text: str, answer: Any, problem: str) -> None:
    """An AS without a desk says so."""
    asking = announced(site(SourceName.AUTNUM), text)
    if answer is not None:
        asking.registry.paths["/autnum/64500"] = answer
    assert problem in await asking.problem(IP)


async def test_autnum_nobody_can_tell() -> None:
    """Neither an unannounced address nor a broken zone is an error of ours."""
    asking = site(SourceName.AUTNUM)
    assert "no known AS announces it" in await asking.problem(IP)
    asking.names.broken = {CYMRU}
    asking.clock.advance(1e6)
    assert f"{CYMRU} cannot be looked up" in await asking.problem(IP)


async def test_rdns() -> None:
    """The mailbox of the registered domain of the address' name, said to be a guess."""
    asking = site(SourceName.RDNS)
    asking.names.pointers[IP] = ["static-80.pool.isp.co.uk", "other.isp.co.uk"]
    asking.names.exchanges["isp.co.uk"] = ["mx.isp.co.uk"]
    found = await asking.find(IP)
    assert (found.address, found.source) == ("abuse@isp.co.uk", "rdns")
    assert "a guess" in found.reason
    assert found.alternatives == ()


async def test_rdns_without_mail_exchange() -> None:
    """A domain with an address takes mail there (RFC 5321 5.1)."""
    asking = site(SourceName.RDNS)
    asking.names.pointers[IP] = ["static-80.isp.example"]
    asking.names.hosts["isp.example"] = ["192.0.2.1"]
    assert (await asking.find(IP)).address == "abuse@isp.example"


@pytest.mark.parametrize(
    ("name", "exchanges"),
    [
        ("static-80.isp.example", {}),
        ("static-80.isp.example", {"isp.example": [""]}),
        ("com", {"com": ["mx.example"]}),
        ("cache.ripe.net", {"ripe.net": ["mx.ripe.net"]}),
    ],
)
async def test_rdns_none(name: str, exchanges: dict[str, list[str]]) -> None:
    """No mail exchange, one that says "none" (RFC 7505), a suffix, a registry: none."""
    asking = site(SourceName.RDNS)
    asking.names.pointers[IP] = [name]
    asking.names.exchanges = exchanges
    assert "its reverse name leads to no mailbox" in await asking.problem(IP)


async def test_rdns_nobody_can_tell() -> None:
    """A reverse zone that is broken is told, and one without names as well."""
    asking = site(SourceName.RDNS)
    assert "leads to no mailbox" in await asking.problem(IP)
    asking.clock.advance(1e6)
    asking.names.broken = {IP}
    assert "cannot be looked up" in await asking.problem(IP)
