"""XARF from the whole daemon: found, redacted and told, as a caller sees it."""

import json
from pathlib import Path

from tests.fakes.smtp_relay import Script
from tests.fakes.xarf import check
from tests.integration.raw_client import http, talk
from tests.integration.reports import DESK, SPAM, reporting

XARF = {
    "reporter": {
        "org": "Example Ltd",
        "contact": "abuse@example.org",
        "domain": "example.org",
    },
    "link_type": "phishing",
    "smtp_source_port": 40123,
}


async def test_relay(tmp_path: Path) -> None:
    """A report that the official schemas take comes with the complaint, and no mail."""
    asked = {
        "message": "Delivered-To: bob@example.org\r\n" + SPAM.decode(),
        "envelope": {"from": "", "rcpt": ["bob@example.org"]},
        "xarf": XARF,
    }
    async with reporting(tmp_path, Script()) as world:
        said = http("/", json.dumps(asked).encode(), kind="application/json")
        answer = await talk(world.daemon.ports["http"], said)
        assert await world.outbox() == []
    found = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert found["warnings"] == []
    (item,) = found["complaints"][DESK]
    check(item["xarf"])
    told = {"source_identifier": "11.22.33.44", "smtp_from": "spammer@spam.example"}
    assert told.items() <= item["xarf"].items()
    assert item["xarf"]["timestamp"] == "2026-05-04T12:30:00Z"
    assert b"bob@" not in answer
