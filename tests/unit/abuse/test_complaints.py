"""sc.abuse.complaints: who hears of what, and who gets mail."""

from ipaddress import ip_address, ip_network

import pytest
from attrs import evolve

from sc.abuse.complaints import (
    MAX_DESKS,
    MAX_LINKS,
    Grouped,
    Known,
    dedupe_key,
    group,
    hosts_of,
    source_key,
    summary,
)
from sc.abuse.settings import AbuseReportSettings
from sc.model.complaint import Complaint, LinkItem, RelayItem
from sc.model.evidence import Evidence, Link, Relay, Role
from tests.fakes.abuse import SETTINGS, complaint, contact, link, relay

RELAY_IP, SHOP_IP, CDN_IP = map(
    ip_address, ("192.0.2.7", "198.51.100.1", "198.51.100.2")
)
KNOWN = Known(
    {"shop.example": (SHOP_IP,), "cdn.example": (CDN_IP,)},
    {
        RELAY_IP: contact("abuse@net.example"),
        SHOP_IP: contact("abuse@hosting.example"),
        CDN_IP: contact("abuse@cdn.example"),
    },
)


def grouped(
    *links: Link,
    relays: tuple[Relay, ...] = (),
    known: Known = KNOWN,
    settings: AbuseReportSettings = SETTINGS,
    legacy_all: bool = False,
) -> Grouped:
    evidence = Evidence("f" * 64, relays, links)
    return group(evidence, known, settings, legacy_all=legacy_all)


def addresses(complaints: tuple[Complaint, ...]) -> list[str]:
    return [complaint.address for complaint in complaints]


def test_one_for_each_desk() -> None:
    """Relay and hosts of one network are one complaint, relays first."""
    known = Known(
        KNOWN.addresses, dict.fromkeys(KNOWN.contacts, contact("Abuse@N.example"))
    )
    (told,) = grouped(
        link(), link("cdn.example"), relays=(relay(),), known=known
    ).to_mail
    assert told.address == "Abuse@N.example"
    relay_item, shop, cdn = told.items
    assert isinstance(relay_item, RelayItem)
    assert isinstance(shop, LinkItem)
    assert isinstance(cdn, LinkItem)
    assert (shop.host, shop.ips, shop.count) == ("shop.example", (SHOP_IP,), 1)


def test_case_of_a_mailbox() -> None:
    """Two spellings of one mailbox are one desk."""
    contacts = {SHOP_IP: contact("abuse@n.example"), CDN_IP: contact("Abuse@N.EXAMPLE")}
    known = Known(KNOWN.addresses, contacts)
    found = grouped(link(), link("cdn.example"), known=known)
    assert addresses(found.complaints) == ["abuse@n.example"]


def test_two_networks() -> None:
    """A host with addresses in two networks: each desk hears of its own."""
    unknown = ip_address("203.0.113.9")
    known = Known({"shop.example": (SHOP_IP, unknown, CDN_IP)}, KNOWN.contacts)
    first, second = grouped(link(), known=known).complaints
    assert [i.ips for i in first.items if isinstance(i, LinkItem)] == [(SHOP_IP,)]
    assert [i.ips for i in second.items if isinstance(i, LinkItem)] == [(CDN_IP,)]


def test_resources_get_no_mail() -> None:
    """A host that only lends an image stands in the answer, and gets no mail."""
    links = (
        link("cdn.example", Role.RESOURCE),
        link(),
        link("cdn.example", Role.UNSUBSCRIBE, 2),
    )
    found = grouped(*links)
    assert addresses(found.complaints) == ["abuse@hosting.example", "abuse@cdn.example"]
    assert [c.mailable for c in found.complaints] == [True, False]
    assert addresses(found.to_mail) == ["abuse@hosting.example"]


def test_mail_without_resources() -> None:
    """A desk that gets mail is not told of the images of its other customers."""
    contacts = dict.fromkeys(KNOWN.contacts, contact())
    links = (
        link("cdn.example", Role.RESOURCE),
        link(n=1),
        link("shop.example", Role.RESOURCE, 2),
    )
    found = grouped(*links, known=Known(KNOWN.addresses, contacts))
    assert len(found.complaints[0].items) == 2
    (item,) = found.to_mail[0].items
    assert isinstance(item, LinkItem)
    assert (item.host, item.count) == ("shop.example", 1)
    assert [x.url for x in item.links] == ["http://shop.example/1"]


def test_many_links() -> None:
    """At most 20 links of a host are told, those that navigate first, all counted."""
    links = [link(role=Role.RESOURCE, n=n) for n in range(30)]
    links += [link(n=n) for n in range(100, 100 + MAX_LINKS + 5)]
    found = grouped(*links)
    (item,) = found.complaints[0].items
    (told,) = found.to_mail[0].items
    assert isinstance(item, LinkItem)
    assert isinstance(told, LinkItem)
    assert (len(item.links), item.count) == (MAX_LINKS, 55)
    assert all(x.role is Role.NAVIGATES for x in item.links)
    assert told.links == item.links


def test_unverified_relay() -> None:
    """A relay that no host of ours saw gets no mail, unless the operator says so."""
    relays = (relay(verified=False),)
    found = grouped(relays=relays)
    assert addresses(found.complaints) == ["abuse@net.example"]
    assert found.to_mail == ()
    legacy = grouped(relays=relays, legacy_all=True)
    assert addresses(legacy.to_mail) == ["abuse@net.example"]


def test_desks_are_capped() -> None:
    """One message makes us write to 20 desks at most; the relay's comes first."""
    hosts = [f"h{n}.example" for n in range(MAX_DESKS + 5)]
    ips = {host: ip_address(f"198.51.100.{n}") for n, host in enumerate(hosts)}
    known = Known(
        {host: (ip,) for host, ip in ips.items()},
        {ip: contact(f"abuse@{host}") for host, ip in ips.items()}
        | {RELAY_IP: contact("abuse@net.example")},
    )
    found = grouped(*map(link, hosts), relays=(relay(),), known=known)
    assert len(found.complaints) == MAX_DESKS + 6
    assert len(found.to_mail) == MAX_DESKS
    assert found.to_mail[0].address == "abuse@net.example"
    assert found.warnings == ("26 desks would get mail: only 20 are written to",)


@pytest.mark.parametrize(
    "address",
    [
        "abuse@net.example\r\nBcc: all@example.org",
        "abuse@net.example\n",
        "a b@net.example",
        "<abuse@net.example>",
        "abuse",
        "abuse@localhost",
        "a@b@net.example",
        '"a"@net.example',
        "abuse@net..example",
        "äbuse@net.example",
        "a" * 65 + "@net.example",
        "",
    ],
)
def test_bad_contact(address: str) -> None:
    """What a registry names and is no address is refused, and told."""
    known = Known({}, {RELAY_IP: contact(address)})
    found = grouped(relays=(relay(),), known=known)
    assert (found.complaints, found.to_mail) == ((), ())
    (warning,) = found.warnings
    assert "is not an address" in warning
    assert "\n" not in warning


@pytest.mark.parametrize(
    ("address", "settings", "why"),
    [
        ("Abuse@Example.org", SETTINGS, "is our own"),
        ("noc@example.org", SETTINGS, "is our own"),
        (
            "abuse@sub.net.example",
            evolve(SETTINGS, never_desks=("other.example", "Net.example")),
            "never_desks",
        ),
        (
            "abuse@net.example",
            evolve(SETTINGS, never_desks=("ABUSE@net.example",)),
            "never_desks",
        ),
        (
            "abuse@net.example",
            evolve(
                SETTINGS,
                never_networks=(
                    ip_network("2001:db8::/32"),
                    ip_network("192.0.2.0/24"),
                ),
            ),
            "192.0.2.7 is in abuse_report.never_networks",
        ),
    ],
)
def test_never(address: str, settings: AbuseReportSettings, why: str) -> None:
    """Our own desk, and what the operator listed, is never told; a warning says so."""
    known = Known({}, {RELAY_IP: contact(address)})
    found = grouped(relays=(relay(),), known=known, settings=settings)
    assert found.complaints == ()
    assert why in found.warnings[0]


def test_never_network_of_a_host() -> None:
    """A listed network is not reported for its links, either."""
    settings = AbuseReportSettings(never_networks=(ip_network("198.51.100.0/31"),))
    found = grouped(link(), link("cdn.example"), settings=settings)
    assert addresses(found.complaints) == ["abuse@cdn.example"]


def test_never_domain() -> None:
    """A listed domain, and all below it, is not reported for its links."""
    known = Known(
        {"www.partner.example": (SHOP_IP,), "notpartner.example": (CDN_IP,)},
        KNOWN.contacts,
    )
    settings = AbuseReportSettings(never_domains=("Partner.example.",))
    links = (link("www.partner.example"), link("notpartner.example"))
    found = grouped(*links, known=known, settings=settings)
    assert addresses(found.complaints) == ["abuse@cdn.example"]
    assert found.warnings == (
        "www.partner.example is in abuse_report.never_domains: not reported",
    )


def test_reverse_name_spares_nobody() -> None:
    """Whoever has an address chooses its reverse name: it protects no relay."""
    settings = AbuseReportSettings(never_domains=("partner.example",))
    relays = (relay(rdns="mx.partner.example", helo="mx.partner.example"),)
    found = grouped(relays=relays, settings=settings)
    assert addresses(found.to_mail) == ["abuse@net.example"]


def test_source() -> None:
    """Reports may be merged that are about one relay, or lead to the same hosts."""
    relay_item = RelayItem(relay(), contact())
    shop = LinkItem("shop.example", (SHOP_IP,), (link(),), 1, contact())
    cdn = evolve(shop, host="cdn.example")
    assert source_key(complaint(relay_item)) == source_key(complaint(relay_item, shop))
    assert source_key(complaint(shop, cdn)) == source_key(complaint(cdn, shop))
    told = [
        complaint(relay_item),
        complaint(shop),
        complaint(cdn),
        complaint(shop, cdn),
    ]
    keys = {source_key(one, infected=bad) for one in told for bad in (True, False)}
    assert len(keys) == 8


def test_unknown() -> None:
    """What has no contact is no complaint."""
    assert grouped(link("other.example"), relays=(relay(),), known=Known()) == Grouped()


def test_navigating_hosts_come_first() -> None:
    """When hosts are capped, those that only lend images are left out."""
    links = (link("a.example", Role.RESOURCE), link("b.example"))
    assert list(hosts_of(Evidence("f", links=links))) == ["b.example", "a.example"]


def test_key() -> None:
    """The key is the same for the same evidence to the same desk, and only then."""
    relay_item = RelayItem(relay(), contact())
    item = LinkItem("shop.example", (SHOP_IP,), (link(),), 1, contact())
    key = dedupe_key(complaint(relay_item, item), "f")
    again = complaint(evolve(item, links=(link(n=2),), count=9), relay_item)
    assert dedupe_key(evolve(again, address="ABUSE@net.example"), "f") == key
    others = {
        dedupe_key(complaint(relay_item), "f"),
        dedupe_key(complaint(item), "f"),
        dedupe_key(complaint(relay_item, item), "g"),
        dedupe_key(evolve(again, address="noc@net.example"), "f"),
        key,
    }
    assert len(others) == 5


def test_summary() -> None:
    """The log says in a few words what a report is about."""
    items = [LinkItem(f"h{n}.example", (), (link(),), 1, contact()) for n in range(6)]
    told = complaint(RelayItem(relay(), contact()), *items)
    assert summary(told) == (
        "192.0.2.7,h0.example,h1.example,h2.example,h3.example and 2 more"
    )
    assert summary(complaint(items[0])) == "h0.example"


def test_aliases() -> None:
    """What is sent goes to the final recipient; each item keeps the registry's word."""
    table = {
        "net.example": "soc@net.example",
        "abuse@hosting.example": "soc@net.example",
    }
    settings = evolve(SETTINGS, aliases=table)
    evidence = Evidence("f" * 64, (relay(),), (link(),))
    (sent,) = group(evidence, KNOWN, settings, sending=True).to_mail
    assert sent.address == "soc@net.example"
    assert [item.contact.address for item in sent.items] == [
        "abuse@net.example",
        "abuse@hosting.example",
    ]
    looked = group(evidence, KNOWN, settings)
    assert addresses(looked.complaints) == [
        "abuse@net.example",
        "abuse@hosting.example",
    ]


def test_aliases_around_a_refusal() -> None:
    """No alias leads to a desk that must not be written to, nor away from one."""
    evidence = Evidence("f" * 64, (relay(),))
    table = {"abuse@net.example": "us@example.org"}
    settings = evolve(SETTINGS, aliases=table)
    assert "is our own" in group(evidence, KNOWN, settings, sending=True).warnings[0]
    settings = evolve(
        SETTINGS, aliases={"*": "a@b.example"}, never_desks=("net.example",)
    )
    found = group(evidence, KNOWN, settings, sending=True)
    assert found.to_mail == ()
    assert "abuse@net.example is in abuse_report.never_desks" in found.warnings[0]
