"""The lines of docs/howto/bounces.md in a real Postfix and a real Exim.

the whole daemon -> the MTA as its relay -> a desk that does not exist: the MTA's own
notification to the report's sender -> LMTP -> the daemon
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.net.relay import Delivery, Relay, RelaySettings, relay_endpoint
from tests.fakes import responses
from tests.fakes.faults import serving
from tests.fakes.smtp_relay import FakeRelay, Script
from tests.integration import exim, postfix
from tests.integration.daemon import ROOT, free_port
from tests.integration.reports import DESK, World, reporting
from tests.integration.test_bounces import asked, having_bounces

pytestmark = pytest.mark.peer

PAGE = ROOT / "docs/howto/bounces.md"
REFUSAL = "550 5.1.1 User unknown"


@asynccontextmanager
async def desk() -> AsyncIterator[str]:
    """The port of the desk's host, which knows nobody."""
    replies = {f"RCPT TO:<{DESK}>": f"{REFUSAL}\r\n".encode()}
    script = Script(extensions=("8BITMIME",), replies=replies)
    async with serving(lambda: FakeRelay(script)) as (address, _):
        yield address.rpartition(":")[2]


def blocks(heading: str, lmtp: int) -> list[str]:
    """The lines to copy below a heading, for a door at another port."""
    _, _, section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    found = re.findall(r"^```\n(.*?)^```$", section.partition("\n## ")[0], re.M | re.S)
    assert sum("5024" in block for block in found) == 1
    return [block.replace("5024", str(lmtp)) for block in found]


def relaying(lmtp: int, smtp: str) -> Callable[[str], str]:
    """The page's configuration, with an LMTP door and a relay that are given."""

    def changed(config: str) -> str:
        placed = config.replace("PORT_lmtp", f"tcp:{lmtp}:interface=127.0.0.1")
        return re.sub("smtp: '[^']*'", f"smtp: {smtp}", having_bounces()(placed))

    return changed


async def bounced(world: World) -> str:
    """The host's words for the report that came back."""
    (report,) = await world.settles("bounced")
    await world.daemon.saw(f"report={report['id']} by=sender proven=True what=failed")
    await world.daemon.saw(f"scctl desks revive {DESK}")
    return str(report["reason"])


async def test_postfix(tmp_path: Path) -> None:
    """Postfix's notification arrives; so does what another host sends to it."""
    lmtp = free_port()
    (main,) = blocks("Postfix", lmtp)
    async with (
        desk() as port,
        postfix.running("PLAIN", main=f"{main}\n{POSTFIX}{port}\n") as mta,
    ):
        (tmp_path / "secret").write_text(postfix.PASSWORD)
        smtp = (
            f"{{server: '127.0.0.1:{mta.starttls}', tls_name: {postfix.NAME},"
            f" ca_file: {mta.ca_file}, user: {postfix.USER},"
            f" password_file: {tmp_path}/secret}}"
        )
        async with reporting(tmp_path, Script(), relaying(lmtp, smtp)) as world:
            await asked(world, 1)
            assert await bounced(world) == REFUSAL
            match = re.search(r"from=<(bounces\+[^>]+)>", mta.log())
            assert match, mta.log()
            await _from_outside(mta, match[1])
            await world.daemon.saw("by=sender proven=True what=automatic")


# A notification that overtakes the relay's answer is told to come again.
POSTFIX = """
mydestination = example.org
local_recipient_maps = inline:{bounces=any}
smtpd_reject_unlisted_recipient = yes
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
default_transport = lmtp:inet:127.0.0.1:"""


async def _from_outside(mta: postfix.Postfix, recipient: str) -> None:
    """Another host's MTA says RCPT to this address."""
    settings = RelaySettings(
        f"127.0.0.1:{mta.starttls}",
        tls_name=postfix.NAME,
        ca_file=mta.ca_file,
        user=postfix.USER,
        password=postfix.PASSWORD,
    )
    relay = Relay(
        settings, relay_endpoint(settings, reactor), cast(Any, reactor), "mx.example"
    )
    header, _, body = responses.TICKET.replace(b"\n", b"\r\n").partition(b"\r\n\r\n")
    mail = Delivery("", (recipient,), header + b"\r\n\r\n", body)
    (reply,) = await relay.deliver(mail)
    assert reply.code == 250, reply


async def test_exim(tmp_path: Path) -> None:
    """Exim's notification arrives, and the desk's own code counts in it."""
    lmtp = free_port()
    router, transport = blocks("Exim", lmtp)
    async with exim.exim_folder() as folder, desk() as port:
        parts = exim.Parts(
            main="queue_only = true",
            routers=f"{router}\n{DESK_ROUTER}",
            transports=f"{transport}\n{DESK_TRANSPORT}{port}\n",
        )
        async with exim.started(folder, parts) as mta:
            changed = relaying(lmtp, f"127.0.0.1:{mta.port}")
            async with reporting(tmp_path, Script(), changed) as world:
                report, _ = await asked(world, 1)
                assert report["state"] == "sent"
                await mta.run_queue()  # the report
                await mta.run_queue()  # its notification
                assert await bounced(world) == REFUSAL, mta.log()


DESK_ROUTER = """
desk:
  driver = manualroute
  domains = transit.example
  route_list = * 127.0.0.1
  self = send
  transport = desk
"""
DESK_TRANSPORT = """
desk:
  driver = smtp
  allow_localhost
  hosts_override
  port = """
