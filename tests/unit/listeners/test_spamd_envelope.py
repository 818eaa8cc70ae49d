"""Who sent what to whom, as far as the protocol tells."""

from ipaddress import ip_address

import pytest

from sc.listeners.spamd.envelope import UNNAMED, envelope_of
from sc.model.envelope import Envelope
from sc.wire.spamd import Command, Dialect, Request
from sc.wire.spamd_preamble import Preamble

RECEIVED = (
    b"Received: from [192.0.2.1] (helo=client.example.org)\n"
    b"\tby exim.test with %b (Exim 4.96)\n\t(envelope-from <a@example.org>)\n"
    b"\tid 1xUQiR-0004EB-2o;\n\tFri, 20 Nov 2026 15:39:55 +0000\n\ntext\n"
)
EXIM = Preamble("exim", "a@example.org", ("b@example.net",))


def rspamc(*headers: tuple[str, str], preamble: Preamble | None = None) -> Envelope:
    request = Request(Dialect.RSPAMC, Command.CHECK, (1, 3), headers, 0)
    return envelope_of(request, preamble or Preamble(), b"")


def spamc(content: bytes, preamble: Preamble, user: str = "nobody") -> Envelope:
    headers = (("user", user),) if user else ()
    request = Request(Dialect.SPAMC, Command.REPORT, (1, 2), headers, 0)
    return envelope_of(request, preamble, content)


async def test_rspamc() -> None:
    """Every header has its place, and User is the authenticated sender."""
    assert rspamc(
        ("queue-id", "1x-2y-3z"),
        ("from", "<a@example.org>"),
        ("rcpt", "<b@example.net>"),
        ("rcpt", "c@example.net"),
        ("rcpt", "<>"),
        ("helo", "h.example"),
        ("hostname", "r.example"),
        ("ip", "192.0.2.1"),
        ("user", "joe"),
    ) == Envelope(
        sender="a@example.org",
        recipients=("b@example.net", "c@example.net"),
        client_ip=ip_address("192.0.2.1"),
        client_name="r.example",
        helo="h.example",
        user="joe",
        queue_id="1x-2y-3z",
    )


async def test_rspamc_over_preamble() -> None:
    """What the headers do not say is taken from above the message."""
    assert rspamc(("from", "<>"), preamble=EXIM).sender == ""
    assert rspamc(preamble=EXIM).sender == "a@example.org"
    assert rspamc(preamble=EXIM).recipients == ("b@example.net",)
    assert rspamc() == Envelope()


@pytest.mark.parametrize(
    ("text", "ip", "port"),
    [
        ("2001:db8::1", "2001:db8::1", None),
        ("192.0.2.1:25", "192.0.2.1", 25),
        ("[2001:db8::1]:25", "2001:db8::1", 25),
        ("192.0.2.1:99999", "192.0.2.1", None),
        ("fe80::1%a\rb", "fe80::1", None),
        ("/run/x.sock", None, None),
        ("1.2.3", None, None),
        ("", None, None),
    ],
)
async def test_rspamc_client(text: str, ip: str | None, port: int | None) -> None:
    """An address with or without a port; what is none is passed over."""
    envelope = rspamc(("ip", text))
    assert envelope.client_ip == (ip_address(ip) if ip else None)
    assert envelope.client_port == port


async def test_exim() -> None:
    """In SpamAssassin's variant, Exim's own Received tells the client."""
    assert spamc(RECEIVED % b"esmtp", EXIM) == Envelope(
        sender="a@example.org",
        recipients=("b@example.net",),
        client_ip=ip_address("192.0.2.1"),
        helo="client.example.org",
        preferences="nobody",
    )


@pytest.mark.parametrize("protocol", [b"esmtpa", b"esmtpsa"])
async def test_exim_authenticated(protocol: bytes) -> None:
    """An authenticated client is a user whose name is not told."""
    assert spamc(RECEIVED % protocol, EXIM).user == UNNAMED


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: x\n" + RECEIVED % b"esmtp",
        b"Received: from joe by exim.test with local (Exim 4.96)\n\ntext\n",
        b"Received: nonsense\n\ntext\n",
    ],
)
async def test_exim_without_a_client(content: bytes) -> None:
    """Without its address nothing is said about a client."""
    envelope = spamc(content, EXIM)
    assert (envelope.client_ip, envelope.helo, envelope.user) == (None, None, None)


async def test_spamc_does_not_believe_the_top_received() -> None:
    """spamc may run anywhere: the top Received is about a host of the site."""
    envelope = spamc(RECEIVED % b"esmtpa", Preamble(), "bob@example.net")
    assert envelope == Envelope(preferences="bob@example.net")


async def test_haraka_relay() -> None:
    """A client that may relay is a user, an unknown one is not."""
    relay = Preamble("haraka", "a@example.org", (), "U.1", relaying=True)
    envelope = spamc(b"", relay, "")
    assert (envelope.user, envelope.queue_id) == (UNNAMED, "U.1")
    assert envelope.preferences is None
