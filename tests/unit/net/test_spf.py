"""sc.net.spf: the public tests for RFC 7208, and what they leave out."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from sc.content.spf_record import Result
from sc.net.spf import Checked, check_host
from tests.fakes.zone_records import ZoneRecords, as_published

PUBLIC = Path(__file__).with_name("rfc7208-tests.yml")
"""By the authors of RFC 7208's test suite; their licence stands beside it."""

CLIENT = ip_address("192.0.2.1")


def public() -> Iterator[Any]:
    for scenario in yaml.safe_load_all(PUBLIC.read_text("utf-8")):
        entries = scenario["zonedata"].items()
        zone = {name.lower(): as_published(entry) for name, entry in entries}
        for name, case in scenario["tests"].items():
            yield pytest.param(zone, case, id=name)


@pytest.mark.parametrize(("zone", "case"), list(public()))
async def test_public(zone: Mapping[str, Any], case: Mapping[str, Any]) -> None:
    """Every public test comes to one of the results that it allows."""
    allowed = case["result"]
    checked = await check_host(
        ZoneRecords(zone), ip_address(case["host"]), case["mailfrom"], case["helo"]
    )
    assert checked.result.value in ([allowed] if isinstance(allowed, str) else allowed)


def zone(**records: str | Sequence[Mapping[str, Any] | str]) -> ZoneRecords:
    """Names below `.example`; a text is an SPF record."""
    return ZoneRecords(
        {
            f"{name}.example": [{"TXT": value}] if isinstance(value, str) else value
            for name, value in records.items()
        }
    )


async def check(records: ZoneRecords, sender: str = "u@from.example") -> Checked:
    return await check_host(records, CLIENT, sender, "helo.example")


async def test_null_sender() -> None:
    """A bounce is judged by the name in HELO (RFC 7208 2.4)."""
    checked = await check(zone(helo="v=spf1 ip4:192.0.2.1 -all"), "")
    assert checked == Checked(Result.PASS, "helo.example")


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 include:from.example -all", Result.PERMERROR),
        ("v=spf1 redirect=from.example", Result.PERMERROR),
        ("v=spf1 " + "a:none.example " * 3, Result.PERMERROR),
        ("v=spf1 " + "a:none.example " * 2 + "-all", Result.FAIL),
        ("v=spf1 " + "a:host.example " * 11 + "-all", Result.PERMERROR),
        ("v=spf1 " + "a:host.example " * 10 + "-all", Result.FAIL),
        ("v=spf1 a:broken.example -all", Result.TEMPERROR),
        ("v=spf1 ip4:192.0.2.0/24 a:broken.example -all", Result.PASS),
        ("v=spf1 exists:%{l1r+}." + "%{l}" * 100 + ".example -all", Result.FAIL),
        ("v=spf1 exists:" + "%{L}" * 128 + ".example -all", Result.PERMERROR),
        ("v=spf1 " + "ip4:192.0.2.9 " * 300, Result.PERMERROR),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
async def test_limits(record: str, result: Result) -> None:
    """Rings and greedy records end in an error, after a bounded number of questions."""
    host: list[Any] = [{"A": "192.0.2.200"}]
    records = zone(host=host, broken=["TIMEOUT"], **{"from": record})
    checked = await check(records, "u" * 2000 + "@from.example")
    assert checked.result is result
    assert len(records.asked) <= 12
    assert bool(checked.reason) is (result in (Result.TEMPERROR, Result.PERMERROR))


async def test_mail_exchanges() -> None:
    """Of an `mx`, ten hosts are asked for; that they have no address is no fault."""
    few: list[Any] = [{"MX": [1, f"mx{n}.example"]} for n in range(10)]
    policy = {"TXT": "v=spf1 mx -all"}
    checked = await check(zone(**{"from": [policy, *few]}))
    assert checked.result is Result.FAIL
    checked = await check(zone(**{"from": [policy, *few, {"MX": [1, "mx"]}]}))
    assert checked.result is Result.PERMERROR


@pytest.mark.parametrize("name", ["from.example", "mx.from.example", "other.example"])
async def test_names(name: str) -> None:
    """The client's names are asked for once; the domain's own one is the best."""
    policy = {"TXT": "v=spf1 ptr:never.example exists:%{p}.list.example -all"}
    address = {"A": "192.0.2.1"}
    records = ZoneRecords(
        {
            name: [address],
            "from.example": [policy, address],
            "1.2.0.192.in-addr.arpa": [{"PTR": "x.example"}, {"PTR": name}],
            f"{name}.list.example": [{"A": "127.0.0.2"}],
        }
    )
    checked = await check_host(records, CLIENT, "u@from.example", "")
    assert checked.result is Result.PASS
    assert records.asked.count(("1.2.0.192.in-addr.arpa", "PTR")) == 1
