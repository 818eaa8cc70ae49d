"""RDAP answers in every registry's shape: the right desk, and why it is."""

import json
from ipaddress import ip_network
from typing import Any

import pytest

from sc.abuse.contacts.mailbox import Rank
from sc.abuse.contacts.rdap import (
    MAX_DEPTH,
    MAX_ENTITIES,
    RDAPError,
    Registration,
    parse_entity,
    parse_network,
)
from tests.fakes import rdap
from tests.fakes.rdap import Object, entity, network, remark

NET = "203.0.113.0/24"
DESK = "abuse@desk.example"


def parse(answer: Any, *, deepest_first: bool = False) -> Registration:
    return parse_network(json.dumps(answer).encode(), deepest_first=deepest_first)


def desks(*entities: Object, **more: Any) -> list[str]:
    return [m.address for m in parse(network(NET, *entities, **more)).mailboxes]


@pytest.mark.parametrize(
    ("shape", "rank", "others"),
    [
        ("arin", Rank.ONLY_ROLE, ["noc@desk.example"]),
        ("ripe", Rank.MARKED, ["admin@owner.example"]),
        ("apnic", Rank.ONLY_ROLE, ["help@owner.example", "tech@owner.example"]),
        ("lacnic", Rank.LOCAL_PART, []),
        ("afrinic", Rank.REMARK, ["hostmaster@owner.example"]),
    ],
)
def test_registry(shape: str, rank: Rank, others: list[str]) -> None:
    """Wherever a registry keeps the desk, it comes first, with the reason."""
    found = parse(rdap.SHAPES[shape](NET, DESK), deepest_first=shape == "arin")
    best, *rest = found.mailboxes
    assert (best.address, best.rank) == (DESK, rank)
    assert [m.address for m in rest] == others
    assert found.networks == (ip_network(NET),)


def test_no_mailbox() -> None:
    """NIC.br leaves mailboxes out: nobody is made up."""
    found = parse(rdap.registro_br(NET))
    assert found == Registration(networks=(ip_network(NET),))


def test_all_ranks_in_order() -> None:
    """The surer contact wins, wherever it stands."""
    found = desks(
        entity("0", [], "other@x.example"),
        entity("1", ["administrative"], "admin@x.example"),
        entity("2", ["technical"], "tech@x.example"),
        entity("3", ["noc"], "noc@x.example", remarks=remark("abuse: r@x.example")),
        entity("4", ["registrant"], "n@x.example", name="X Abuse Team"),
        entity("5", ["abuse", "noc"], "role@x.example"),
        entity("6", ["technical"], "csirt@x.example"),
        entity("7", ["abuse", "noc"], ({"pref": 1}, "pref@x.example")),
        entity("8", ["Abuse"], "only@x.example"),
        entity("9", ["noc"], ({"type": ["work", "ABUSE"]}, "marked@x.example")),
    )
    local_parts = [address.partition("@")[0] for address in found]
    expected = "marked only pref csirt role n r tech noc admin other"
    assert local_parts == expected.split()


@pytest.mark.parametrize(("deepest_first", "best"), [(True, "in"), (False, "out")])
def test_depth(deepest_first: bool, best: str) -> None:
    """Of two equal contacts ARIN's inner one is meant, elsewhere the outer one."""
    inner = entity("I", ["abuse"], "in@x.example")
    outer = entity("O", ["abuse"], "out@x.example", entities=[inner])
    found = parse(network(NET, outer), deepest_first=deepest_first)
    assert found.mailboxes[0].address == f"{best}@x.example"


def test_once_each() -> None:
    """A desk that is named twice stands once, for its best reason."""
    found = parse(
        network(
            NET,
            entity("1", ["noc"], "Noc@X.example"),
            entity("2", ["abuse"], "noc@x.example"),
        )
    )
    assert [(m.address, m.rank) for m in found.mailboxes] == [
        ("noc@x.example", Rank.ONLY_ROLE)
    ]


@pytest.mark.parametrize(
    "address",
    [
        "abuse@ripe.net",
        "hostmaster@apnic.net",
        "search-apnic-not-arin@apnic.net",
        "abuse@nic.or.kr",
        "x@mail.lacnic.net",
    ],
)
def test_registry_is_never_the_desk(address: str) -> None:
    """Who only gave out the addresses is not written to."""
    found = parse(network(NET, entity("1", ["abuse"], address)))
    assert found.mailboxes == ()
    assert found.registry_only


@pytest.mark.parametrize(
    "text",
    [
        "DATA REDACTED",
        "REDACTED FOR PRIVACY",
        "https://form.example/abuse",
        "removed@lacnic.net",
        "no-email@x.example",
        "noreply@x.example",
        "abuse@example.com",
        "abuse@x.invalid",
        "abuse@localhost",
        "abuse@192.0.2.1",
        "a@b@c.example",
        "abuse@x.example\r\nBcc: all@y.example",
        "abuse at x.example",
        "ab use@x.example",
        "",
        "@",
        "ä@x.example",
        "a" * 65 + "@x.example",
        "abuse@" + "x." * 125 + "example",
        "abuse@-x.example",
        "abuse@ä..example",
        '"abuse"@x.example',
    ],
)
def test_no_mailbox_at_all(text: str) -> None:
    """Placeholders and what could break a header are no mailboxes."""
    assert desks(entity("1", ["abuse"], text)) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mailto:Abuse@X.Example", "Abuse@x.example"),
        (" <abuse@x.example>; ", "abuse@x.example"),
        ("abuse@bücher.example", "abuse@xn--bcher-kva.example"),
        ("abuse+report@hosting.example", "abuse+report@hosting.example"),
    ],
)
def test_mailbox_is_cleaned(text: str, address: str) -> None:
    """What people write around an address does not hide it."""
    assert desks(entity("1", ["abuse"], text)) == [address]


def test_form() -> None:
    """A network that wants a web form is not without a desk."""
    text = remark("All abuse reporting can be done via", "https://x.example/abuse.")
    found = parse(network(NET, remarks=text))
    assert (found.mailboxes, found.form) == ((), "https://x.example/abuse")
    other = parse(network(NET, remarks=remark("See https://x.example/ for maps")))
    assert other.form == ""
    assert parse(network(NET, remarks=remark("abuse is bad"))).form == ""


def test_dead_desk() -> None:
    """A desk that the registry found dead comes last, but before nobody."""
    dead = remark(
        "Abuse@x.example is invalid", "noc@x.example was validated on 2026-01-01"
    )
    irt = entity("IRT", ["abuse"], "abuse@x.example", remarks=dead)
    found = parse(network(NET, irt, entity("T", ["technical"], "noc@x.example")))
    assert [(m.address, m.rank) for m in found.mailboxes] == [
        ("noc@x.example", Rank.REMARK),
        ("abuse@x.example", Rank.DEAD),
    ]
    assert desks(irt)[-1] == "abuse@x.example"


def test_remark_names_desk() -> None:
    """A remark that does not speak of abuse counts if its mailbox is a desk's."""
    text = remark("noc@x.example and security@x.example")
    assert desks(remarks=text) == ["security@x.example"]


def test_left_out() -> None:
    """An abuse contact without a card leaves the address of its own page."""
    link = "https://rdap.example/entity/A"
    links = [{"rel": "related", "href": "x"}, 7, {"rel": "self", "href": link}]
    bare = {"handle": "A", "roles": ["abuse"], "links": links}
    assert parse(network(NET, bare)).more == (link,)
    assert parse(network(NET, {"roles": ["abuse"], "links": [{}]})).more == ()


def test_entity_answer() -> None:
    """The page of one contact tells its mailbox and those inside."""
    body = json.dumps(entity("A", ["abuse"], DESK)).encode()
    assert [m.address for m in parse_entity(body).mailboxes] == [DESK]
    with pytest.raises(RDAPError, match="not about a contact"):
        parse_entity(b'{"objectClassName": "autnum"}')


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"objectClassName": "domain"}', "not about a network"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"1" * 5000, "not JSON"),
    ],
)
def test_unusable(body: bytes, problem: str) -> None:
    """What is not an RDAP network is refused with the reason."""
    with pytest.raises(RDAPError, match=problem):
        parse_network(body, deepest_first=False)


@pytest.mark.parametrize(
    "card",
    [
        None,
        [],
        ["vcard"],
        ["vcard", None],
        [
            "vcard",
            [None, [], ["email"], [7, {}, "text", DESK], ["email", {}, "text", 7]],
        ],
        ["vcard", [["email", {}, "text", None], ["email", {}, "text", [None, {}]]]],
        ["vcard", [["fn", {}, "text", ["x"]]]],
    ],
)
def test_broken_card(card: Any) -> None:
    """A card with missing, null or nested members is a card without a mailbox."""
    broken = {"roles": ["abuse", None, 7], "handle": 7, "vcardArray": card}
    assert desks(broken, entity("2", ["noc"], DESK)) == [DESK]


def test_odd_cards() -> None:
    """Lists of mailboxes and parameters that are none are read as far as they go."""
    card = [
        ["EMAIL", None, "text", [DESK, "b@x.example"]],
        ["email", [], "text", "c@x.example"],
    ]
    found = desks({"roles": ["abuse"], "vcardArray": ["vcard", card]})
    assert found == [DESK, "b@x.example", "c@x.example"]


def test_as_deep_and_as_many_as_allowed() -> None:
    """What is deeper or later than the limits is not looked at."""
    chain = entity("last", ["abuse"], "deep@x.example")
    for _ in range(MAX_DEPTH - 1):
        chain = entity("x", [], entities=[chain])
    assert desks(chain) == ["deep@x.example"]
    assert desks(entity("x", [], entities=[chain])) == []
    many = [entity("x", [])] * (MAX_ENTITIES - 1)
    last = entity("y", ["abuse"], DESK)
    assert desks(*many, last) == [DESK]
    assert desks(*many, many[0], last) == []
