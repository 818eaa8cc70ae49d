"""A relay that refuses our reports, or says nothing: what the caller and the operator
read, and what becomes of the report."""

from pathlib import Path

import pytest

from tests.fakes.faults import Fault
from tests.fakes.smtp_relay import Script
from tests.integration.reports import DESK, SEND, SPAM, reporting

RCPT = f"RCPT TO:<{DESK}>"
STEPS = ["greeting", "EHLO", "MAIL", RCPT, "DATA", "."]


@pytest.mark.parametrize("step", STEPS)
async def test_not_now(tmp_path: Path, step: str) -> None:
    """4xx at any step: deferred, in the relay's words, and tried again."""
    script = Script(replies={step: b"451 4.7.1 not now\r\n"})
    async with reporting(tmp_path, script) as world:
        said = (await world.post(SPAM, SEND))["abuse_report"]
        assert said["sent"] is False
        assert [r["state"] for r in said["reports"]] == ["deferred"]
        (report,) = await world.settles("deferred")
        assert "451 4.7.1 not now" in report["reason"]
        assert report["next_attempt"] > report["changed"]


@pytest.mark.parametrize("step", STEPS[2:])
async def test_never(tmp_path: Path, step: str) -> None:
    """5xx about the mail: failed, in the relay's words, and not tried again."""
    script = Script(replies={step: b"550 5.7.1 go away\r\n"})
    async with reporting(tmp_path, script) as world:
        said = (await world.post(SPAM, SEND))["abuse_report"]
        assert said["sent"] is False
        assert [r["state"] for r in said["reports"]] == ["failed"]
        (report,) = await world.settles("failed")
        assert report["reason"] == "550 5.7.1 go away"
        assert report["next_attempt"] is None


@pytest.mark.parametrize("step", STEPS[:2])
async def test_relay_refuses_us(tmp_path: Path, step: str) -> None:
    """5xx before any mail is about us, not about the report: deferred."""
    refusal = b"554 5.7.1 no service here\r\n"
    script = Script(replies={step: refusal, "HELO": refusal})
    async with reporting(tmp_path, script) as world:
        await world.post(SPAM, SEND)
        (report,) = await world.settles("deferred")
        assert "554 5.7.1 no service here" in report["reason"]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATE, Fault.GARBAGE])
@pytest.mark.parametrize(
    ("step", "state"),
    [("greeting", "deferred"), (RCPT, "deferred"), (".", "uncertain")],
)
async def test_breaks_off(tmp_path: Path, fault: Fault, step: str, state: str) -> None:
    """Before the final dot it is tried again; after it a person decides."""
    script = Script(fault=fault, fault_at=step)
    async with reporting(tmp_path, script) as world:
        said = (await world.post(SPAM, SEND))["abuse_report"]
        assert [r["state"] for r in said["reports"]] == [state]
        await world.settles(state)
        assert len(world.relays) == 1


async def test_says_nothing(tmp_path: Path) -> None:
    """The caller is told after `wait` that it is on its way; the daemon goes on."""
    script = Script(fault=Fault.HANG, fault_at=".")
    async with reporting(
        tmp_path, script, lambda text: text.replace("wait: 5", "wait: 0.3")
    ) as world:
        said = (await world.post(SPAM, SEND))["abuse_report"]
        assert said["sent"] is False
        assert [r["state"] for r in said["reports"]] in ([], ["queued"], ["sending"])
        await world.settles("sending")
        again = (await world.post(SPAM, SEND))["abuse_report"]
        assert (again["duplicate"], again["sent"]) == (True, False)
        assert len(world.mails) == 1


async def test_relay_is_not_there(tmp_path: Path) -> None:
    """Nothing listens: deferred, and the complaints are told all the same."""
    async with reporting(
        tmp_path,
        Script(),
        lambda text: text.replace("smtp: '127.0.0.1:", "smtp: '[::1]:"),
    ) as world:
        said = await world.post(SPAM, SEND)
        assert list(said["complaints"]) == [DESK]
        (report,) = await world.settles("deferred")
        assert "cannot connect" in report["reason"]
