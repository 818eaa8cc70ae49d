"""The pages in a real browser, with JavaScript and without, by keyboard."""

import json
import sys
from pathlib import Path

import pytest

from tests.integration.daemon import running
from tests.programs import program, run

pytestmark = pytest.mark.peer

BROWSE = Path(__file__).with_name("browse.py")
HOSTILE = (
    b"Subject: </dd><img src=x onerror=alert(1)><script>alert(2)</script>\r\n"
    b"From: <a@b.example>\r\n\r\nx\r\n"
)


async def test_browser(tmp_path: Path) -> None:
    """All three pages are read and used; a hostile Subject is only text."""
    chromium = program("chromium")
    message = tmp_path / "hostile.eml"
    message.write_bytes(HOSTILE)
    async with running(tmp_path) as daemon:
        url = f"http://127.0.0.1:{daemon.ports['http']}/"
        argv = [sys.executable, str(BROWSE), chromium, url, str(message)]
        done = await run(argv, timeout=300.0)
    assert done.code == 0, done.err.decode()[-4000:]
    with_script, without = json.loads(done.out)
    for seen in (with_script, without):
        assert "Ready" in seen["home"]
        assert "patterns" in seen["status"]
        assert "no action It would be delivered." in seen["decision"]
        assert "<img src=x onerror=alert(1)>" in seen["decision"]
        assert (seen["elements"], seen["complaints"]) == (0, [])
