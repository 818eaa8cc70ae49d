"""What comes back changes a report, its desk, and who hears of the next one.

HTTP -> the whole daemon -> a relay that takes everything; the answer by LMTP -> daemon
"""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from tests.fakes import responses
from tests.fakes.smtp_relay import Script, TakenMail
from tests.integration.daemon import PATIENCE, ROOT
from tests.integration.raw_client import talk, transaction
from tests.integration.reports import DESK, SEND, SPAM, Said, World, reporting
from tests.programs import run
from tests.walkthrough import matches, steps

MAILBOX = "bounces@example.org"
OTHER = "noc@transit.example"
"""Whom the registry names beside `DESK`."""

ROUTE = "{recipient: 'bounces*@example.org', do: bounces}"
SENDER = re.compile(r"MAIL FROM:<(bounces\+(\w+)-\w{16}@example\.org)>")


def having_bounces(more: str = "") -> Callable[[str], str]:
    """As docs/howto/bounces.md says; an answer of ours may take long."""

    def changed(config: str) -> str:
        routed = config.replace("routes: [", f"routes: [{ROUTE}, ")
        patient = routed.replace("wait: 5", f"wait: {PATIENCE:.0f}")
        bounces = f"bounces: {{address: {MAILBOX}{more}}}"
        return patient.replace("{from:", f"{{{bounces}, from:")

    return changed


async def asked(world: World, number: int) -> tuple[Said, str]:
    """The one report of a message, and all warnings; each number is another one."""
    message = SPAM.replace(b"buy", f"buy {number}".encode())
    answer = await world.post(message, SEND)
    (report,) = answer["abuse_report"]["reports"]
    return report, " ".join(answer["warnings"])


def mail_to(world: World, desk: str) -> TakenMail:
    (mail,) = [m for m in world.mails if f"RCPT TO:<{desk}>" in m.recipients[0]]
    return mail


def sender_of(mail: TakenMail) -> str:
    match = SENDER.match(mail.sender)
    assert match, mail.sender
    return match[1]


async def came_back(world: World, content: bytes, recipient: str) -> None:
    """A mail server brings it, and may forget it then."""
    message = content.replace(b"\n", b"\r\n")
    said = transaction(message, recipients=(recipient,))
    null = said.replace(b"<alice@example.org>", b"<>")
    answer = await talk(world.daemon.ports["lmtp"], null)
    assert b"\r\n250 2.0.0 taken " in answer, answer


async def scctl(world: World, command: str) -> str:
    """What the operator reads, who types this."""
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STATE_DIRECTORY": str(world.daemon.state),
        "SC_URL": f"http://127.0.0.1:{world.daemon.ports['http']}",
    }
    done = await run(["sh", "-c", command], env=env)
    assert done.code == 0, done
    return done.out.decode()


async def test_dead_desk(tmp_path: Path) -> None:
    """Bounced: the report says so, its desk is dead, the next one goes elsewhere."""
    async with reporting(tmp_path, Script(), having_bounces()) as world:
        first, _ = await asked(world, 1)
        assert (first["state"], first["contact"]) == ("sent", DESK)
        sender = sender_of(mail_to(world, DESK))
        await came_back(world, responses.postfix(rcpt=DESK), sender)
        (bounced,) = await world.settles("bounced")
        assert bounced["reason"] == "550 5.1.1 User unknown"
        line = f"report={first['id']} by=sender proven=True what=failed"
        await world.daemon.saw(line)
        await world.daemon.saw(f"if it is not: scctl desks revive {DESK}")

        second, warnings = await asked(world, 2)
        assert (second["state"], second["contact"]) == ("sent", OTHER)
        assert re.search(f"{DESK} is dead until [-0-9]+ .*: {OTHER} is writt", warnings)

        gone = responses.postfix(rcpt=OTHER)
        await came_back(world, gone, sender_of(mail_to(world, OTHER)))
        third, warnings = await asked(world, 3)
        assert (third["state"], third["contact"]) == ("suppressed", DESK)
        assert "550 5.1.1 User unknown): not written to" in warnings
        await world.settles("bounced", "bounced", "suppressed")
        assert len(world.mails) == 2


async def test_forged(tmp_path: Path) -> None:
    """A bounce that a stranger wrote changes nothing, whatever it names."""
    async with reporting(tmp_path, Script(), having_bounces()) as world:
        report, _ = await asked(world, 1)
        mail = mail_to(world, DESK)
        guessed = f"bounces+{report['id']}-{'a' * 16}@example.org"
        (copied,) = re.findall(rb"\r\n(Message-ID: .*)\r\n", mail.wire)
        forged = responses.postfix(DESK, header=copied.decode(), envid=report["id"])
        for recipient in (guessed, MAILBOX):
            await came_back(world, forged, recipient)
        line = f"report={report['id']} by=envelope-id proven=False what=failed"
        await world.daemon.saw(line)
        await world.settles("sent")
        again, _ = await asked(world, 2)
        assert (again["state"], again["contact"]) == ("sent", DESK)


async def test_answered(tmp_path: Path) -> None:
    """A ticket number stands beside its report; the page's commands show the desks."""
    async with reporting(tmp_path, Script(), having_bounces()) as world:
        await asked(world, 1)
        sender = sender_of(mail_to(world, DESK))
        await came_back(world, responses.postfix(rcpt=DESK), sender)
        report, _ = await asked(world, 2)
        (our_id,) = re.findall(
            rb"\r\nMessage-ID: (<.*>)\r\n", mail_to(world, OTHER).wire
        )
        ticket = responses.TICKET.replace(b"<1@example.org>", our_id)
        form = b"We keep it. Next time use our web form: https://transit.example/abuse"
        await came_back(world, ticket.replace(b"We keep it", form), MAILBOX)
        shown = await scctl(world, f"scctl outbox show {report['id']}")
        assert "\nanswer ticket: Ticket#4711\n" in shown
        assert "\nanswer kind: automatic\n" in shown
        page = steps(ROOT / "docs/reporting.md")
        found = [step for step in page if step.command.startswith("scctl desks")]
        assert len(found) == 2
        for step in found:
            printed = await scctl(world, step.command)
            assert matches(step.output, printed), f"reporting.md:{step.line}\n{printed}"
