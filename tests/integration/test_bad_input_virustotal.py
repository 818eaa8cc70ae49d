"""A VirusTotal that says 429, before the whole daemon: it is left in peace."""

import json
from pathlib import Path

import pytest

from tests.fakes.archives import PROGRAM
from tests.fakes.attachments import message
from tests.fakes.virustotal import KEY, FakeVirusTotal
from tests.fakes.web import serving_web
from tests.integration.daemon import running
from tests.integration.raw_client import http, talk

MAIL = message(("application/octet-stream", "a.exe", PROGRAM))
HOUR = "99999999"
"""An hour is the most that we wait."""


@pytest.mark.parametrize("retry_after", [HOUR, "-1", "9" * 400, "x" * 5000])
async def test_quota(tmp_path: Path, retry_after: str) -> None:
    """It is not asked on and on; what it did not say is named."""
    peer = FakeVirusTotal(quota=0, retry_after=retry_after)
    async with serving_web(peer.answer) as web:
        config = (
            "resolver: {destinations: any}\n"
            "scanners:\n"
            f"  virustotal: {{enabled: true, base: '{web.base}', key: {KEY}}}\n"
        )
        async with running(tmp_path, config) as daemon:
            for _ in range(3):
                answer = await talk(daemon.ports["http"], http("/v1/scan", MAIL))
                found = json.loads(answer.partition(b"\r\n\r\n")[2])
                assert "VIRUSTOTAL_SKIPPED" in {s["name"] for s in found["symbols"]}
                assert found["action"] != "soft reject"
            assert "Traceback" not in daemon.log
        # After what is no number it is asked again in a minute.
        assert retry_after != HOUR or len(web.requests) == 1
