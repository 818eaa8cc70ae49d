"""A fake of the registries' RDAP servers: one HTTP server, an answer for a network.

The answers have the shapes in which the real registries put their contacts, each
with its trap; names, networks and mailboxes are made up.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias, cast

from attrs import define, field
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from tests.fakes.faults import Fault, Serving
from tests.fakes.web import FakeWeb, Request, http, serving_web

Object: TypeAlias = dict[str, Any]

TYPE = "application/rdap+json"
_REACTOR = cast(Any, reactor)


def entity(
    handle: str, roles: list[str], *emails: Any, name: str = "Someone", **more: Any
) -> Object:
    """
    A contact with a jCard.

    @param emails: an address, or (parameters, address).
    """
    card: list[Any] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name]]
    for email in emails:
        parameters, text = email if isinstance(email, tuple) else ({}, email)
        card.append(["email", parameters, "text", text])
    return {
        "objectClassName": "entity",
        "handle": handle,
        "roles": roles,
        "vcardArray": ["vcard", card],
        **more,
    }


def network(cidr: str, *entities: Object, **more: Any) -> Object:
    """An `ip network` object with its range in both notations."""
    net = ip_network(cidr)
    key = f"v{net.version}prefix"
    return {
        "objectClassName": "ip network",
        "handle": f"{net[0]} - {net[-1]}",
        "startAddress": str(net[0]),
        "endAddress": str(net[-1]),
        "ipVersion": f"v{net.version}",
        "cidr0_cidrs": [{key: str(net[0]), "length": net.prefixlen}],
        "entities": list(entities),
        **more,
    }


def remark(*lines: str) -> list[Object]:
    return [{"title": "remarks", "description": list(lines)}]


def arin(cidr: str, desk: str) -> Object:
    """The desk is inside the registrant; a NOC with the role abuse stands outside."""
    inner = entity("ABUSE1-ARIN", ["abuse"], desk, name="Abuse")
    outer = entity(
        "ZG39-ARIN", ["technical", "abuse", "noc"], "noc@" + desk.partition("@")[2]
    )
    owner = entity("ORG-1", ["registrant"], entities=[inner], name="Transit, Inc.")
    return network(cidr, owner, outer, port43="whois.arin.net")


def ripe(cidr: str, desk: str) -> Object:
    """The desk's property is marked; the owner's own mailbox comes first."""
    desk_card = entity("AR1-RIPE", ["abuse"], ({"type": "abuse"}, desk), name="Desk")
    admin = entity("AD1-RIPE", ["administrative", "technical"], "admin@owner.example")
    answer = network(cidr, admin, desk_card, port43="whois.ripe.net")
    answer["redacted"] = [{"name": {"description": "Personal e-mail information"}}]
    return answer


def apnic(cidr: str, desk: str) -> Object:
    """The IRT's first mailbox is not its desk: `pref` says which one is."""
    irt = entity("IRT-X-AP", ["abuse"], "help@owner.example", ({"pref": "1"}, desk))
    tech = entity("T1-AP", ["technical"], "tech@owner.example")
    return network(cidr, tech, irt, port43="whois.apnic.net")


def lacnic(cidr: str, desk: str) -> Object:
    """One contact with all roles, no cidr0, and a lot about reverse delegation."""
    answer = network(
        cidr, entity("ABC", ["administrative", "technical", "abuse"], desk)
    )
    del answer["cidr0_cidrs"]
    answer["lacnic_reverseDelegations"] = [{"nameservers": ["ns.example"] * 50}] * 50
    return answer


def registro_br(cidr: str, desk: str = "") -> Object:
    """No mailbox at all, and the length of the prefix is a text."""
    answer = network(cidr, entity("FAN", ["technical", "abuse"]))
    cidr0 = answer["cidr0_cidrs"][0]
    cidr0["length"] = str(cidr0["length"])
    return answer


def afrinic(cidr: str, desk: str) -> Object:
    """No roles; a remark of the contact names the desk."""
    told = remark("Please send abuse reports", f"to {desk}.")
    someone = entity("GENERATED-AFRINIC", [], "hostmaster@owner.example", remarks=told)
    del someone["roles"]
    return network(cidr, someone)


SHAPES = {
    "afrinic": afrinic,
    "apnic": apnic,
    "arin": arin,
    "lacnic": lacnic,
    "ripe": ripe,
}


@define
class FakeRDAP:
    """
    @ivar answers: network -> its object, or octets of a whole HTTP answer.
    @ivar paths: more answers, by path.
    """

    answers: Mapping[str, Object | bytes]
    paths: Mapping[str, Object | bytes] = field(factory=dict)

    def answer(self, request: Request) -> bytes:
        found = self.paths.get(request.path)
        if found is None and request.path.startswith("/ip/"):
            found = self._network(request.path.removeprefix("/ip/"))
        if found is None:
            found = {"errorCode": 404, "title": "Not Found"}
            return http(404, json.dumps(found).encode(), {"Content-Type": TYPE})
        if isinstance(found, bytes):
            return found
        return http(200, json.dumps(found).encode(), {"Content-Type": TYPE})

    def _network(self, text: str) -> Object | bytes | None:
        ip = ip_address(text)
        nets = [n for n in map(ip_network, self.answers) if n.version == ip.version]
        holding = [n for n in nets if ip in n]
        if not holding:
            return None
        return self.answers[str(max(holding, key=lambda n: n.prefixlen))]


@asynccontextmanager
async def serving_rdap(
    answers: Mapping[str, Object | bytes],
    paths: Mapping[str, Object | bytes] | None = None,
    fault: Fault | None = None,
) -> AsyncIterator[FakeWeb]:
    """A registry for the time of a test; its `base` goes into `rdap_bases`."""
    async with serving_web(FakeRDAP(answers, paths or {}).answer, fault) as web:
        yield web


def start_rdap(answers: Mapping[str, Object | bytes], port: int) -> int:
    """A registry that runs until the process ends; returns its port."""
    web = FakeWeb(FakeRDAP(answers).answer)
    listening = _REACTOR.listenTCP(port, Serving(web.peer), interface="127.0.0.1")
    return int(listening.getHost().port)
