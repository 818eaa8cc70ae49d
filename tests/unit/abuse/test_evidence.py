"""sc.abuse.evidence: what a message proves about its source."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from sc.abuse.evidence import EvidenceSettings, gather
from sc.model.envelope import Envelope
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.model.report import Boundary

NAMED = Boundary(names=("MX.home.example.",))
UNKNOWN, DEFAULTS = Envelope(), EvidenceSettings()
DATE = "; Mon, 19 Oct 2026 14:04:06 +0000"
FORGED = "from a (b [9.9.9.9]) by mx.home.example with ESMTP"


def _gather(
    *received: str,
    boundary: Boundary = NAMED,
    envelope: Envelope = UNKNOWN,
    settings: EvidenceSettings = DEFAULTS,
    body: str = "hi",
) -> Evidence:
    header = "".join(f"Received: {r}{DATE}\r\n" for r in received)
    content = f"{header}Subject: x\r\n\r\n{body}\r\n".encode()
    return gather(Message("1", envelope, content), boundary, settings)


def _relays(evidence: Evidence) -> list[tuple[str, bool]]:
    return [(str(r.ip), r.verified) for r in evidence.relays]


def _envelope(ip: str, user: str | None = None) -> Envelope:
    return Envelope(client_ip=ip_address(ip), user=user)


def test_relay_at_the_boundary() -> None:
    """The first foreign address that our host wrote down, with all it says."""
    evidence = _gather(
        "from x (y [10.0.0.1]) by store.home.example with LMTP",
        "from helo.example (rdns.example [5.6.7.8]) by mx.home.example with ESMTPS",
        FORGED,
        boundary=Boundary(domains=("home.example",)),
    )
    (relay,) = evidence.relays
    assert (str(relay.ip), relay.verified, relay.hop) == ("5.6.7.8", True, 1)
    assert (relay.helo, relay.rdns) == ("helo.example", "rdns.example")
    assert (relay.by, relay.protocol) == ("mx.home.example", "ESMTPS")
    assert relay.date == datetime(2026, 10, 19, 14, 4, 6, tzinfo=UTC)
    assert relay.header.startswith("Received: from helo.example (rdns.example")
    assert (evidence.warnings, evidence.skip) == ((), "")


STRANGER = "from a (b [5.6.7.8]) by {} with ESMTP"


@pytest.mark.parametrize(
    ("boundary", "by", "found"),
    [
        (NAMED, "mx.home.example", True),
        (NAMED, "mx2.home.example", False),
        (Boundary(domains=("home.example",)), "home.example", True),
        (Boundary(domains=(".home.example",)), "mx.HOME.example.", True),
        (Boundary(domains=("home.example",)), "evilhome.example", False),
        (Boundary(names=("a.example", "mx.home.example")), "mx.home.example", True),
        (Boundary(cidrs=(ip_network("8.8.8.0/24"),)), "anything", True),
        (
            Boundary(names=("a.example",), cidrs=(ip_network("8.8.8.0/24"),)),
            "mx ([8.8.8.8])",
            True,
        ),
    ],
)
def test_which_host_is_ours(boundary: Boundary, by: str, *, found: bool) -> None:
    """Names, domains at a label's boundary, and addresses; each may be a list."""
    evidence = _gather(STRANGER.format(by), FORGED, boundary=boundary)
    assert _relays(evidence) == ([("5.6.7.8", True)] if found else [])
    assert bool(evidence.warnings) != found


def test_our_own_addresses_are_passed_over() -> None:
    """Hosts of ours, by configuration or by nature, are not the source."""
    evidence = _gather(
        "by 2002:a05:6000:1::1 with SMTP id x",
        "from user by mx.home.example with local (Exim 4.96)",
        "from out.home.example ([6.6.6.6]) by imap.home.example with LMTP id x",
        "from a (b [8.8.8.8]) by elsewhere.example with ESMTP",
        "from pop.example [7.7.7.7] by pc with POP3",
        "from a (b [2a00::1]) by mx.home.example with ESMTP",
        "from a (b [5.6.7.8]) by mx.home.example with ESMTP",
        boundary=Boundary(names=NAMED.names, cidrs=(ip_network("8.8.8.0/24"),)),
        settings=EvidenceSettings(local_networks=(ip_network("2a00::/32"),)),
    )
    assert _relays(evidence) == [("5.6.7.8", True)]


@pytest.mark.parametrize(
    "received",
    [
        [],
        ["from a (b [10.0.0.1]) by mx.home.example with ESMTP"],
        ["from a by mx.home.example with ESMTP", FORGED],
        ["from a [x] by foreign.example with ESMTP", FORGED],
        ["from a (b [5.6.7.8]) by foreign.example with ESMTP", FORGED],
    ],
)
def test_boundary_not_found(received: list[str]) -> None:
    """Without a field that our host wrote there is no relay, but a warning."""
    evidence = _gather(*received)
    assert evidence.relays == ()
    assert "trusted_boundary was not found" in evidence.warnings[0]


def test_authenticated_submission() -> None:
    """Our own user's message is not reported, and the warning says so."""
    evidence = _gather("from a (b [5.6.7.8]) by mx.home.example with ESMTPSA", FORGED)
    assert evidence.relays == ()
    assert "authenticated user" in evidence.skip
    assert "authenticated user" in evidence.warnings[0]


def test_authenticated_envelope() -> None:
    """The same if the MTA says it."""
    evidence = _gather(FORGED, envelope=_envelope("5.6.7.8", user="joe"))
    assert evidence.relays == ()
    assert "authenticated user" in evidence.skip


def test_envelope_first() -> None:
    """The client that the MTA names counts, whatever the fields say."""
    envelope = Envelope(
        client_ip=ip_address("::ffff:6.6.6.6"),
        client_port=4567,
        client_name="rdns.example",
        helo="helo.example",
    )
    evidence = _gather(FORGED, envelope=envelope)
    (relay,) = evidence.relays
    assert (str(relay.ip), relay.verified, relay.port) == ("6.6.6.6", True, 4567)
    assert (relay.helo, relay.rdns) == ("helo.example", "rdns.example")
    assert (relay.hop, relay.header) == (None, "")


def test_envelope_and_our_own_field() -> None:
    """If our own field names the same address, its date and header are added."""
    (relay,) = _gather(FORGED, envelope=_envelope("9.9.9.9")).relays
    assert (relay.hop, relay.helo) == (0, "a")
    assert relay.date
    (relay,) = _gather(
        FORGED, envelope=_envelope("9.9.9.9"), boundary=Boundary()
    ).relays
    assert (relay.hop, relay.verified) == (None, True)


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "192.168.1.1", "8.8.8.8"])
def test_local_envelope(ip: str) -> None:
    """A client of our own says nothing: the fields do."""
    evidence = _gather(
        "from a (b [5.6.7.8]) by mx.home.example with ESMTP",
        envelope=_envelope(ip),
        settings=EvidenceSettings(local_networks=(ip_network("8.8.8.0/24"),)),
    )
    assert _relays(evidence) == [("5.6.7.8", True)]


def test_without_boundary() -> None:
    """Every public address is listed once, none of them verified."""
    evidence = _gather(
        "from a (b [5.6.7.8]) by x with ESMTP",
        "from a (b [10.0.0.1]) by x with ESMTP",
        "from a (b [5.6.7.8]) by x with ESMTP",
        FORGED,
        boundary=Boundary(),
    )
    assert _relays(evidence) == [("5.6.7.8", False), ("9.9.9.9", False)]
    assert "not configured" in evidence.warnings[0]
    assert _gather(FORGED, boundary=Boundary(legacy_all=True)).warnings == ()
    assert "no relay" in _gather(boundary=Boundary()).warnings[0]


def test_five_hundred_received_fields() -> None:
    """A hundred are read; below them a boundary is not looked for."""
    private = "from a (b [10.0.0.1]) by mx.home.example with ESMTP"
    assert _gather(*[private] * 99, FORGED).relays
    assert not _gather(*[private] * 500, FORGED).relays


def test_no_received_field() -> None:
    """A message that names no host has no relay, and says so."""
    assert _gather().relays == ()
    assert "no relay" in _gather().warnings[0]
    assert _gather(boundary=Boundary()).relays == ()


def test_thirty_megabytes() -> None:
    """Eight megabytes of a part are read; what stands behind them is told."""
    first, last = "http://first.example/", "http://last.example/"
    evidence = _gather(body=first + "\r\ntext" * 5_000_000 + "\r\n" + last)
    assert [link.host for link in evidence.links] == ["first.example"]
    assert "a part has more than 8388608 octets" in evidence.warnings[0]


def test_five_thousand_links() -> None:
    """Two thousand are kept, and that there are more is told."""
    body = "".join(f"<a href=http://h{i}.example/>x</a>" for i in range(5000))
    evidence = _gather(body=f"<html>{body}", boundary=Boundary())
    assert len(evidence.links) == 2000
    assert "too many links: the rest was not read" in evidence.warnings


def test_links() -> None:
    """Links, but not those of ignored hosts, of ourselves and of the recipient."""
    body = (
        "http://a.example/ http://ignored.example/ http://www.home.example/"
        " http://to.example/"
    )
    evidence = _gather(
        body=body,
        boundary=Boundary(domains=("home.example",)),
        envelope=Envelope(recipients=("joe@TO.example", "root")),
        settings=EvidenceSettings(ignored_link_hosts=("Ignored.example",)),
    )
    assert [link.host for link in evidence.links] == ["a.example"]


def test_recipient_in_our_own_field() -> None:
    """Without envelope, our own host tells the recipient; a stranger's does not."""
    ours = (
        "from a (b [5.6.7.8]) by mx.home.example with ESMTP id x for <joe@to.example>"
    )
    forged = FORGED + " for <joe@a.example>"
    evidence = _gather(ours, forged, body="http://www.to.example/ http://a.example/")
    assert [link.host for link in evidence.links] == ["a.example"]


def test_attached_message_is_read_and_attached_page_is_not() -> None:
    """Links stand in what the reader sees, and in a message that is forwarded."""
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n"
        b"\r\nClx0cDovL2EuZXhhbXBsZS8=\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n\r\nhttp://b.example/\r\n"
        b"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n"
        b"<a href=http://c.example/>\r\n--b--"
    ).replace(b"Clx0cDovL2EuZXhhbXBsZS8=", b"Cmh0dHA6Ly9hLmV4YW1wbGUv")
    evidence = gather(Message("1", Envelope(), content), NAMED, EvidenceSettings())
    assert {link.host for link in evidence.links} == {"a.example", "b.example"}


def test_automatic_message_is_skipped() -> None:
    """A bounce is never reported."""
    content = b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n"
    evidence = gather(Message("1", Envelope(), content), NAMED, EvidenceSettings())
    assert "delivery status" in evidence.skip


def test_fingerprint() -> None:
    """Two copies over two relays are one message."""
    one = _gather("from a (b [5.6.7.8]) by mx.home.example with ESMTP")
    other = _gather(FORGED)
    assert one.fingerprint == other.fingerprint


def test_impossible_settings() -> None:
    """A limit of nothing is refused."""
    with pytest.raises(ValueError, match="max_links"):
        EvidenceSettings(max_links=0)


def test_limits() -> None:
    """Too many links, and too large a message, are told."""
    body = " ".join(f"http://h{i}.example/" for i in range(20))
    evidence = _gather(body=body, settings=EvidenceSettings(max_links=5, max_octets=99))
    assert "larger than 99" in evidence.warnings[0]
    evidence = _gather(body=body, settings=EvidenceSettings(max_links=5))
    assert len(evidence.links) == 5
