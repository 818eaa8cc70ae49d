"""scctl report, contact, explain with the whole daemon: docs/scctl.md's own story."""

import re
import sys
from pathlib import Path

from tests.fakes.smtp_relay import Script
from tests.integration.reports import DESK, SPAM, World, reporting
from tests.programs import Finished, run


async def scctl(world: World, *arguments: str, stdin: bytes = b"") -> Finished:
    program = str(Path(sys.executable).with_name("scctl"))
    url = f"http://127.0.0.1:{world.daemon.ports['http']}"
    options = ["--url", url, "--token-file", str(world.daemon.state / "admin.token")]
    return await run([program, arguments[0], *options, *arguments[1:]], stdin)


async def test_report_and_explain(tmp_path: Path) -> None:
    """From a message to its report, and back from each name that the report has."""
    async with reporting(tmp_path, Script()) as world:
        asked = await scctl(world, "report", "-", stdin=SPAM)
        assert asked.code == 0, asked.err
        assert f"  to       {DESK}\n  relay    11.22.33.44" in asked.out.decode()
        assert await world.outbox() == []
        sent = await scctl(world, "report", "--send", "-", stdin=SPAM)
        assert sent.code == 0, sent.err
        (report,) = await world.settles("sent")
        names = (report["id"], report["message_id"], report["mail_message_id"])
        for name in names:
            story = await scctl(world, "explain", name)
            told = story.out.decode()
            assert told.startswith(f"message {report['message_id']}\n"), told
            states = re.findall(r" report id=\S+ .* state=(\w+) ", told)
            assert states == ["queued", "sending", "sent"]
            assert f"report {report['id']}\n  contact  {DESK}\n" in told
        again = await scctl(world, "report", "--send", "-", stdin=SPAM)
        assert f"{report['id']} sent 250" in again.out.decode()
        nothing = await scctl(world, "explain", "nothing-of-ours")
        assert nothing.code == 1
        assert nothing.err == b"scctl: nothing is known about that id, or no longer\n"


async def test_arf(tmp_path: Path) -> None:
    """The mails that would be sent, for who wants to read them first."""
    async with reporting(tmp_path, Script()) as world:
        out = tmp_path / "out"
        written = await scctl(world, "report", "--arf", str(out), "-", stdin=SPAM)
        assert written.code == 0, written.err
        (mail,) = out.iterdir()
        assert b"\r\nFeedback-Type: abuse\r\n" in mail.read_bytes()
        printed = await scctl(world, "report", "--arf", "-", "-", stdin=SPAM)
        assert b"\r\nFeedback-Type: abuse\r\n" in printed.out
        assert await world.outbox() == []
        sent = await scctl(
            world, "report", "--send", "--arf", str(out), "-", stdin=SPAM
        )
        assert sent.code == 0, sent.err
        (report,) = await world.settles("sent")
        assert (out / f"{report['id']}.eml").read_bytes()
        (arrived,) = world.mails
        assert b"Feedback-Type: abuse" in arrived.wire


async def test_scan_and_explain(tmp_path: Path) -> None:
    """The id in a scanner's answer leads to its line, also over a restart."""
    async with reporting(tmp_path, Script()) as world:
        url = f"http://127.0.0.1:{world.daemon.ports['http']}/scan"
        scanned = await run(["curl", "-si", "--data-binary", "@-", url], SPAM)
        found = re.search(rb"(?i)^x-sc-id: (\S+)", scanned.out, re.MULTILINE)
        assert found is not None, scanned.out
        name = found[1].decode()
        for _ in range(2):
            story = (await scctl(world, "explain", name)).out.decode()
            assert f"  scanned id={name} listener=http " in story
            await world.stopped()
            await world.restart()


async def test_contact(tmp_path: Path) -> None:
    """An address, its network, and a host on it."""
    async with reporting(tmp_path, Script()) as world:
        for what in ("11.22.33.44", "11.22.33.0/24", "relay.transit.example"):
            answer = await scctl(world, "contact", what)
            assert answer.code == 0, answer.err
            assert f"\n  contact  {DESK}\n  source   rdap\n" in answer.out.decode()
        bad = await scctl(world, "contact", "nowhere.invalid")
        assert bad.code == 1
        assert b"nowhere.invalid" in bad.err
