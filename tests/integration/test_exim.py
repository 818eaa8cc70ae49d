"""Exim 4.96 with the files from etc/exim asks the spamd door about every message.

swaks -> Exim (acl_smtp_data) -> spamd door -> decision -> Exim -> mbox
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from attrs import frozen
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.access import Access
from sc.listeners.spamd.envelope import UNNAMED
from sc.listeners.spamd.service import SpamdService
from sc.listeners.spamd.session import Door
from sc.listeners.spamd.settings import SpamdLimits, SpamdSettings
from sc.model.decision import Action, Decision, ScoredSymbol
from tests.fakes.flow import StubFlow, decision_of, stub_flow
from tests.fakes.inline_threads import INLINE
from tests.integration.exim import Exim, exim_folder, running

pytestmark = pytest.mark.peer

RSPAMD, SPAMASSASSIN = "spamd-rspamd-variant.conf", "spamd-sa-variant.conf"
BOTH = pytest.mark.parametrize("variant", [RSPAMD, SPAMASSASSIN])
SOCKETS = pytest.mark.parametrize("socket", ["tcp", "unix"])
MESSAGE = (
    b"From: Alice <alice@example.org>\r\nTo: bob@exim.test\r\nSubject: lunch\r\n"
    b"X-Spam-Action: no action, says a stranger\r\nMessage-ID: <1@example.org>\r\n"
    b"\r\n.dots\r\nand text\r\n"
)


@frozen
class Site:
    exim: Exim
    flow: StubFlow


@asynccontextmanager
async def site(
    variant: str,
    decision: Decision,
    socket: str = "tcp",
    limits: SpamdLimits = SpamdLimits(),  # noqa: B008 frozen
) -> AsyncIterator[Site]:
    async with exim_folder() as folder, _door(folder, decision, socket, limits) as door:
        flow, address = door
        async with running(variant, address, folder) as exim:
            yield Site(exim, flow)


@asynccontextmanager
async def _door(
    folder: Path,
    decision: Decision,
    socket: str = "tcp",
    limits: SpamdLimits = SpamdLimits(),  # noqa: B008 frozen
) -> AsyncIterator[tuple[StubFlow, str]]:
    """Yields the flow and the address in Exim's words."""
    flow = stub_flow(decision, clock=reactor)
    unix = f"unix:{folder}/spamd.sock:mode=666"
    endpoint = unix if socket == "unix" else "tcp:0:interface=127.0.0.1"
    door = Door(flow, Access(), SpamdSettings((endpoint,), limits), INLINE)
    service = SpamdService(reactor, reactor, door)
    service.startService()
    try:
        [listening] = service
        host = listening.port.getHost()
        tcp = f"127.0.0.1 {getattr(host, 'port', 0)}"
        yield flow, f"{folder}/spamd.sock" if socket == "unix" else tcp
    finally:
        await service.stopService()


@BOTH
@SOCKETS
async def test_reject(variant: str, socket: str) -> None:
    """A rejected message is refused with 550, and its id is in the reply."""
    async with site(variant, decision_of(Action.REJECT), socket) as s:
        sent = await s.exim.send(MESSAGE)
    assert b"<** 550 " in sent.out, s.exim.log()
    assert b"id-1" in sent.out


@BOTH
@SOCKETS
async def test_soft_reject(variant: str, socket: str) -> None:
    """A soft reject makes the sender come back: 451."""
    async with site(variant, decision_of(Action.SOFT_REJECT), socket) as s:
        sent = await s.exim.send(MESSAGE)
    assert b"<** 451 " in sent.out, s.exim.log()


@BOTH
@SOCKETS
async def test_add_header(variant: str, socket: str) -> None:
    """A suspicious message arrives with our fields, without the stranger's."""
    async with site(variant, decision_of(Action.ADD_HEADER), socket) as s:
        await s.exim.send(MESSAGE)
        mail = await s.exim.delivered()
    assert "\nX-Spam-Action: add header\n" in mail
    assert "\nX-Spam-Score: 6.5\n" in mail
    assert "\nX-Spam: Yes\n" in mail
    assert "says a stranger" not in mail


@BOTH
@SOCKETS
async def test_no_action(variant: str, socket: str) -> None:
    """A clean message arrives, with its score and no X-Spam."""
    async with site(variant, decision_of(Action.NO_ACTION), socket) as s:
        await s.exim.send(MESSAGE)
        mail = await s.exim.delivered()
    assert "\nX-Spam-Action: no action\n" in mail
    assert "\nX-Spam-Score: 1.2\n" in mail
    assert "\nX-Spam:" not in mail


@BOTH
async def test_down(variant: str) -> None:
    """While sc is down, the sender comes back: 451."""
    async with exim_folder() as folder:
        async with _door(folder, decision_of(Action.NO_ACTION)) as (_, address):
            pass
        async with running(variant, address, folder) as exim:
            sent = await exim.send(MESSAGE)
    assert b"<** 451 " in sent.out


@BOTH
@SOCKETS
async def test_too_large(variant: str, socket: str) -> None:
    """A message over our limit is read whole: Exim sees an answer, no broken pipe."""
    limits = SpamdLimits(message_size=10_000)
    async with site(variant, decision_of(Action.NO_ACTION), socket, limits) as s:
        sent = await s.exim.send(MESSAGE + b"x" * 70 + b"\r\n" * 1_000_000)
        log = s.exim.log()
    assert b"<** 451 " in sent.out
    assert "cannot parse spamd" in log
    assert "Broken pipe" not in log


@BOTH
async def test_many_symbols(variant: str) -> None:
    """A verdict of thousands of symbols leaves Exim its action."""
    symbols = [ScoredSymbol(f"SYMBOL_{n}", 1.0) for n in range(3000)]
    async with site(variant, decision_of(Action.REJECT, *symbols)) as s:
        sent = await s.exim.send(MESSAGE)
    assert b"<** 550 " in sent.out, s.exim.log()


async def test_rewrite_subject() -> None:
    """The new Subject replaces the old one."""
    async with site(RSPAMD, decision_of(Action.REWRITE_SUBJECT)) as s:
        await s.exim.send(MESSAGE)
        mail = await s.exim.delivered()
    assert "\nSubject: *** SPAM *** stub\n" in mail
    assert "Subject: lunch" not in mail


async def test_rspamd_envelope() -> None:
    """Exim tells the client, the envelope and nobody who was not authenticated."""
    async with site(RSPAMD, decision_of(Action.REJECT)) as s:
        await s.exim.send(MESSAGE)
    [message] = s.flow.seen
    envelope = message.envelope
    assert envelope.sender == "alice@example.org"
    assert envelope.recipients == ("bob@exim.test", "carol@exim.test")
    assert envelope.client_ip == ip_address("127.0.0.1")
    assert (envelope.helo, envelope.user) == ("client.example.org", None)
    assert bytes(message.content[:9]) == b"Received:"
    assert message.content.find(b"\n\n.dots\nand text\n") > 0


async def test_rspamd_authenticated() -> None:
    """The authenticated user arrives by name."""
    login = ("--auth", "PLAIN", "--auth-user", "joe", "--auth-password", "x")
    async with site(RSPAMD, decision_of(Action.REJECT)) as s:
        await s.exim.send(MESSAGE, *login)
    assert s.flow.seen[0].envelope.user == "joe"


async def test_sa_envelope() -> None:
    """The lines above the message tell the envelope, and are taken away."""
    async with site(SPAMASSASSIN, decision_of(Action.REJECT)) as s:
        await s.exim.send(MESSAGE)
    [message] = s.flow.seen
    assert message.envelope.sender == "alice@example.org"
    assert message.envelope.recipients == ("bob@exim.test", "carol@exim.test")
    assert message.envelope.preferences == "nobody"
    assert message.envelope.client_ip == ip_address("127.0.0.1")
    assert message.envelope.helo == "client.example.org"
    assert message.envelope.user is None
    assert bytes(message.content[:9]) == b"Received:"


async def test_sa_authenticated() -> None:
    """`with esmtpa` says that somebody was authenticated, but not who."""
    login = ("--auth", "PLAIN", "--auth-user", "joe", "--auth-password", "x")
    async with site(SPAMASSASSIN, decision_of(Action.REJECT)) as s:
        await s.exim.send(MESSAGE, *login)
    assert s.flow.seen[0].envelope.user == UNNAMED


async def test_null_sender() -> None:
    """A bounce has the null sender in both variants."""
    for variant in (RSPAMD, SPAMASSASSIN):
        async with site(variant, decision_of(Action.REJECT)) as s:
            await s.exim.send(MESSAGE, "--from", "<>")
        assert s.flow.seen[0].envelope.sender == ""
