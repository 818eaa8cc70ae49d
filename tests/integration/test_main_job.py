"""The main job: a spam comes in by any door, and its networks hear of it, once.

HTTP (JSON, raw), LMTP `report` route -> the whole daemon -> fake RDAP and DNS ->
redacted ARF in the outbox -> real smtp-sink
"""

import hashlib
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.integration import arf
from tests.integration.daemon import ROOT, Daemon, pause, running
from tests.integration.doors import Mail, curl, scan, v1_scan
from tests.integration.doors_smtp import swaks, undelivered
from tests.integration.doors_spamd import rspamc, spamc_report
from tests.integration.engines import GTUBE
from tests.integration.internet import internet
from tests.integration.postfix_tools import Sink, smtp_sink
from tests.programs import Finished, run

pytestmark = pytest.mark.peer

SPAM = (ROOT / "docs/examples/spam.eml").read_bytes().replace(b"\n", b"\r\n")
SPAM += b"<p>" + GTUBE + b"</p>\r\n"
REPORTER = "abuse@reporter.example"
DESKS = ["abuse@hosting.example", "abuse@transit.example"]
SCCTL = str(Path(sys.executable).with_name("scctl"))
JSON, RAW = "Content-Type: application/json", "Content-Type: message/rfc822"
SEND = "X-SC-Abuse-Report: send"
PATIENCE = 20.0

AUTOMATIC = {
    "a bounce": b"Content-Type: multipart/report; report-type=delivery-status;"
    b' boundary="b"\r\n',
    "a complaint": b"Content-Type: multipart/report; report-type=feedback-report;"
    b' boundary="b"\r\n',
    "a vacation": b"Auto-Submitted: auto-replied\r\n",
}


@frozen
class Site:
    daemon: Daemon
    sink: Sink

    async def arrived(self, count: int) -> list[bytes]:
        """The mails that came out, when there are so many."""
        waited = 0.0
        while (found := self.daemon.log.count(" state=sent ")) < count:
            assert waited < PATIENCE, f"{found} of {count} sent:\n{self.daemon.log}"
            waited += 0.05
            await pause(0.05)
        return self.sink.messages()

    async def report(self, mail: bytes, *fields: str) -> Any:
        answer = await curl(self.daemon, "/", mail, *fields)
        assert answer.startswith("HTTP/1.1 200 "), answer
        return json.loads(answer.partition("\n\n")[2])

    async def report_json(self, mail: bytes) -> Any:
        body = {"message": mail.decode("ascii"), "abuse_report": {"send": True}}
        return await self.report(json.dumps(body).encode(), JSON)

    async def report_lmtp(self, mail: bytes) -> list[str]:
        envelope = Mail(mail, recipients=("report@example.net",))
        return await swaks(self.daemon.ports["lmtp"], "LMTP", envelope)

    async def scctl(self, *arguments: str) -> Finished:
        url = f"http://127.0.0.1:{self.daemon.ports['http']}"
        env = {"STATE_DIRECTORY": str(self.daemon.state), "SC_URL": url}
        return await run([SCCTL, "outbox", *arguments], env=env)


@asynccontextmanager
async def site(folder: Path, *sink_options: str) -> AsyncIterator[Site]:
    """Everything that the way of a report needs."""
    routes = "routes: [{recipient: 'report@*', do: report}]"
    lmtp = f"  lmtp: {{endpoint: PORT_lmtp, {routes}}}\n"
    async with internet() as names, smtp_sink(folder, *sink_options) as sink:
        reports = (
            "trusted_boundary: {name: mx.example.net}\n"
            f"abuse_report: {{from: Example <{REPORTER}>, smtp: {sink.server}}}\n"
        )
        async with running(folder, lmtp + names + reports) as daemon:
            yield Site(daemon, sink)


def check_relay_report(report: arf.ARF, sender: str) -> None:
    """What the network of the relay reads, field by field (RFC 5965)."""
    told = {"Original-Mail-From": f"<{sender}>"} if sender else {}
    assert report.envelope == {"Mail": f"<{REPORTER}>", "Rcpt": f"<{DESKS[1]}>"}
    assert report.mail["To"] == DESKS[1]
    assert report.mail["From"] == f"Example <{REPORTER}>"
    assert report.mail["Subject"] == (
        "Abuse report: spam from IP 11.22.33.44 at 2026-11-20 10:00 UTC"
    )
    assert report.mail["Message-ID"].endswith("@reporter.example>")
    assert report.mail.get_param("report-type") == "feedback-report"
    assert dict(report.feedback.items()) == {
        "Feedback-Type": "abuse",
        "User-Agent": "sc/0.1.0",
        "Version": "1",
        "Arrival-Date": "Fri, 20 Nov 2026 10:00:00 +0000",
        "Reporting-MTA": "dns; mx.example.net",
        "Source-IP": "11.22.33.44",
        "Incidents": "1",
        **told,
    }
    assert "Source address:  11.22.33.44" in report.words


def check_link_report(report: arf.ARF) -> None:
    """The host's network hears of the host, and nothing of the relay."""
    assert report.envelope["Rcpt"] == f"<{DESKS[0]}>"
    assert "spamvertised.example (IP 203.0.113.80)" in report.mail["Subject"]
    assert report.feedback["Source-IP"] is None
    assert report.feedback["Reported-Domain"] == "spamvertised.example"
    assert report.feedback["Reported-URI"] == "http://spamvertised.example/claim?id=7"
    assert "11.22.33.44" not in report.words


def check_evidence(report: arf.ARF, received: bytes) -> None:
    """The spam is attached, but for whom it was."""
    original = report.original
    assert original["Message-ID"] == "<prize-1@example.org>"
    assert original["From"] == "Prizes <winner@example.org>"
    token = re.fullmatch(r"Bob <(redacted-[0-9a-f]{16})@example\.net>", original["To"])
    assert token is not None
    assert f"for <{token[1]}@example.net>" in original["Received"]
    assert f"Dear {token[1]}@example.net" in original.get_content()
    assert "bob@" not in report.mail.as_string()
    assert hashlib.sha256(received).hexdigest() in report.words


@pytest.mark.parametrize("door", ["json", "raw", "lmtp"])
async def test_report(tmp_path: Path, door: str) -> None:
    """A spam becomes one report for each network, whichever door it came through."""
    async with site(tmp_path) as s:
        if door == "lmtp":
            assert [r[:16] for r in await s.report_lmtp(SPAM)] == ["250 2.0.0 report"]
        else:
            answer = await (s.report_json if door == "json" else _raw(s))(SPAM)
            assert sorted(answer["complaints"]) == DESKS
            sending = answer["abuse_report"]
            assert (sending["sent"], sending["duplicate"]) == (True, False)
            assert sorted(r["contact"] for r in sending["reports"]) == DESKS
            assert {r["state"] for r in sending["reports"]} == {"sent"}
        mails = [arf.read(dump) for dump in await s.arrived(2)]
        link, relay = sorted(mails, key=lambda mail: mail.envelope["Rcpt"])
    check_relay_report(relay, "alice@example.org" if door == "lmtp" else "")
    check_link_report(link)
    # swaks sends an empty line at the end.
    received = SPAM + b"\r\n" if door == "lmtp" else SPAM
    check_evidence(relay, received)
    check_evidence(link, received)


def _raw(s: Site) -> Any:
    async def report(mail: bytes) -> Any:
        return await s.report(mail, RAW, SEND)

    return report


async def test_repeats(tmp_path: Path) -> None:
    """The same spam at every door again: told as a duplicate, and no second mail."""
    async with site(tmp_path) as s:
        first = (await s.report_json(SPAM))["abuse_report"]
        for again in (await s.report_json(SPAM), await s.report(SPAM, RAW, SEND)):
            assert again["abuse_report"] == {**first, "duplicate": True}
        for reply in await s.report_lmtp(SPAM):
            assert reply.startswith("250 2.0.0 report taken ")
        # A spam of another kind leaves after it: then nothing of the first is left.
        await s.report_lmtp(SPAM.replace(b"prize-1", b"prize-2") + b"other words\r\n")
        assert len(await s.arrived(4)) == 4


async def test_our_own_report_returns(tmp_path: Path) -> None:
    """A report that comes back is not scanned, and not reported, at any door."""
    async with site(tmp_path) as s:
        await s.report_json(SPAM)
        for dump in await s.arrived(2):
            ours = arf.sent(dump)
            assert GTUBE in ours
            for ask in (scan, v1_scan, spamc_report, rspamc, *UNDELIVERED):
                assert (await ask(s.daemon, Mail(ours)))["action"] == "no action"
                forged = Mail(ours + b"One word more makes it anybody's mail.\r\n")
                assert (await ask(s.daemon, forged))["action"] == "reject"
            await _not_reported(s, ours, "our own report")
        assert len(s.sink.messages()) == 2


UNDELIVERED = (undelivered("lmtp"), undelivered("smtp"))


@pytest.mark.parametrize("kind", AUTOMATIC)
async def test_automatic_mail(tmp_path: Path, kind: str) -> None:
    """A bounce, a complaint or an automatic answer is reported to nobody."""
    async with site(tmp_path) as s:
        head, _, body = SPAM.partition(b"MIME-Version: 1.0\r\n")
        body = body.replace(b"Content-Type", b"X-Content-Type")
        await _not_reported(s, head + AUTOMATIC[kind] + body, "it ")
        assert s.sink.messages() == []


async def _not_reported(s: Site, mail: bytes, why: str) -> None:
    """By each door that reports; LMTP's caller has left when it is known."""
    for answer in (await s.report_json(mail), await s.report(mail, RAW, SEND)):
        assert answer["complaints"] == {}
        assert any(w.startswith(f"not reported: {why}") for w in answer["warnings"])
        assert answer["abuse_report"]["reports"] == []
    [reply] = await s.report_lmtp(mail)
    taken = reply.removeprefix("250 2.0.0 report taken ")
    await s.daemon.saw(f"not reported id={taken} caller=127.0.0.1: {why}")


async def test_operator(tmp_path: Path) -> None:
    """A relay that says 4xx: the operator sees the report wait, and may stop it."""
    async with site(tmp_path, "-r", ".") as s:
        answer = (await s.report_json(SPAM))["abuse_report"]
        assert answer["sent"] is False
        assert {r["state"] for r in answer["reports"]} == {"deferred"}
        listed = (await s.scctl("list", "--state", "deferred")).out.decode()
        report_id, *others = re.findall(r"^(\w+) +deferred  abuse@", listed, re.M)
        assert len(others) == 1
        assert "  450 4.3.0 Error: command failed\n" in listed
        shown = await s.scctl("show", report_id)
        assert (shown.code, shown.err) == (0, b"")
        assert b"\nattempts: 1\n" in shown.out
        cancelled = await s.scctl("cancel", report_id)
        assert (cancelled.code, cancelled.out.count(b"state: cancelled\n")) == (0, 1)
        again = await s.scctl("cancel", report_id)
        assert (again.code, again.out) == (1, b"")
        assert (
            again.err == b"scctl: a report that is cancelled cannot become cancelled\n"
        )
        assert (await s.scctl("show", "nonsense")).code == 1
        assert (await s.scctl("list", "--state", "nonsense")).code == 64
        assert (await s.scctl()).code == 64


async def test_operator_sends_again(tmp_path: Path) -> None:
    """What waits for a relay that was away leaves when the operator says so."""
    async with site(tmp_path) as s:
        hidden = tmp_path / "hidden"
        Path(s.sink.server).rename(hidden)
        answer = (await s.report_json(SPAM))["abuse_report"]
        assert [r["state"] for r in answer["reports"]] == ["deferred"] * 2
        hidden.rename(s.sink.server)
        for report in answer["reports"]:
            done = await s.scctl("retry", report["id"])
            assert (done.code, done.out.count(b"state: queued\n")) == (0, 1)
        assert len(await s.arrived(2)) == 2
        done = await s.scctl("retry", report["id"])
        assert done.code == 1
        assert done.err == b"scctl: a report that is sent cannot become queued\n"


async def test_operator_without_a_daemon(tmp_path: Path) -> None:
    """scctl says that nobody answers, and exits 69."""
    async with site(tmp_path) as s:
        pass
    done = await s.scctl("list")
    assert done.code == 69
    assert done.err.startswith(b"scctl: no daemon at http://127.0.0.1:")
