"""What the operator opens and closes while the daemon runs.

scctl, SIGHUP -> the whole daemon -> a relay that takes everything
"""

import json
import signal
import sys
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

from attrs import frozen

from tests.fakes.smtp_relay import Script
from tests.integration.daemon import PATIENCE
from tests.integration.reports import DESK, SEND, SPAM, Said, World, reporting
from tests.programs import run

SCCTL = str(Path(sys.executable).with_name("scctl"))
KIND = "Content-Type: message/rfc822"


@frozen
class Printed:
    out: str
    err: str


async def scctl(world: World, *arguments: str) -> Printed:
    url = f"http://127.0.0.1:{world.daemon.ports['http']}"
    env = {"STATE_DIRECTORY": str(world.daemon.state), "SC_URL": url}
    done = await run([SCCTL, "outbox", *arguments], env=env)
    assert done.code == 0, done
    return Printed(done.out.decode(), done.err.decode())


def having(options: str = "") -> Callable[[str], str]:
    """A configuration with these options, in which an answer may take long."""

    def changed(config: str) -> str:
        patient = config.replace("wait: 5", f"wait: {PATIENCE:.0f}")
        return patient.replace("{from:", f"{{{options}from:")

    return changed


async def asked(world: World, number: int, how: str = SEND) -> Said:
    """The one report of a request to send; each number is another message."""
    message = SPAM.replace(b"buy", f"buy {number}".encode()) + b"x" * number
    answer = await world.post(message, KIND, how)
    (report,) = answer["abuse_report"]["reports"]
    found: Said = report
    return found


async def test_stop_and_start(tmp_path: Path) -> None:
    """Stopped: nothing leaves, also after a restart. Started: everything does, once."""
    async with reporting(tmp_path, Script(), having()) as world:
        assert "stopped: True" in (await scctl(world, "stop")).out
        report = await asked(world, 1)
        assert report["state"] == "queued"
        assert report["reason"].startswith("sending is stopped by the operator")
        await world.stopped()
        await world.restart()
        await world.daemon.saw("nothing leaves: stopped by the operator")
        listed = await scctl(world, "list")
        assert "nothing leaves: stopped by the operator" in listed.err
        await world.settles("queued")
        assert world.mails == []
        assert "stopped: False" in (await scctl(world, "start")).out
        await world.settles("sent")
        assert len(world.mails) == 1


async def test_file_and_reload(tmp_path: Path) -> None:
    """The switch in the file needs no restart either, nor does the way back."""
    async with reporting(tmp_path, Script(), having()) as world:
        config = tmp_path / "sc.yaml"
        before = config.read_text()
        config.write_text(before.replace("{from:", "{stopped: true, from:"))
        world.daemon.signal(signal.SIGHUP)
        await world.daemon.saw("nothing leaves: stopped: abuse_report.stopped")
        assert "abuse_report.stopped" in (await asked(world, 1))["reason"]
        config.write_text(before)
        world.daemon.signal(signal.SIGHUP)
        await world.settles("sent")
        assert "restart to use it" not in world.daemon.log


async def test_new_desk(tmp_path: Path) -> None:
    """The first report to a desk waits for a word; the next one does not."""

    async with reporting(tmp_path, Script(), having("hold_new_desks: true, ")) as world:
        report = await asked(world, 1)
        command = f"scctl outbox approve {report['id']}"
        assert command in report["reason"]
        await world.daemon.saw(command.replace(" ", "_"))
        assert command in (await scctl(world, "list")).out
        approved = await scctl(world, "--json", "approve", report["id"])
        assert json.loads(approved.out)["desk"] == DESK
        await world.settles("sent")
        await asked(world, 2)
        await world.settles("sent", "sent")


async def test_rejected(tmp_path: Path) -> None:
    """A desk that is rejected hears nothing."""

    async with reporting(tmp_path, Script(), having("hold_new_desks: true, ")) as world:
        await asked(world, 1)
        await scctl(world, "reject", DESK)
        await world.settles("cancelled")
        assert world.mails == []


async def test_dry_run(tmp_path: Path) -> None:
    """A dry run leaves a file that is the mail, and no report."""
    async with reporting(tmp_path, Script(), having()) as world:
        report = await asked(world, 1, "X-SC-Abuse-Report: dry-run")
        assert (report["state"], report["contact"]) == ("suppressed", DESK)
        written = world.daemon.state / "dry-run" / f"{report['id']}.eml"
        mail = message_from_bytes(written.read_bytes())
        assert mail["To"] == f"<{DESK}>"
        await world.daemon.saw(f"dry_run:_dry-run/{report['id']}.eml")
        assert await world.outbox() == []
        await asked(world, 1)
        await world.settles("sent")


async def test_digest(tmp_path: Path) -> None:
    """Above the rate, later spam from the same host goes in one mail. A rate that is
    raised counts at once."""

    async with reporting(
        tmp_path, Script(), having("limits: {contact_hour: 1}, ")
    ) as world:
        await asked(world, 1)
        await world.settles("sent")
        waiting = await asked(world, 2)
        assert waiting["state"] == "queued"
        assert waiting["reason"].startswith("above the rate for this desk")
        part = await asked(world, 3)
        assert part["reason"] == f"in the digest {waiting['id']}"
        config = tmp_path / "sc.yaml"
        config.write_text(config.read_text().replace("hour: 1}", "hour: 9}"))
        world.daemon.signal(signal.SIGHUP)
        await world.settles("sent", "sent", "sent")
        fields = [mail.wire.count(b"\r\nIncidents: 2\r\n") for mail in world.mails]
        assert fields == [0, 1]
