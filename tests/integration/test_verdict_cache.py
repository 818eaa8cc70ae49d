"""A verdict is used again, by the daemon and by another node.

POST /v1/scan (curl) -> the whole daemon -> built-in scanners; a reload changes them;
two daemons share a Redis of the test's own
"""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration import engines
from tests.integration.daemon import Daemon, running
from tests.integration.doors import Mail, curl, env_fields
from tests.integration.test_doors_agree import CLEAN, gtube

pytestmark = pytest.mark.peer

ON = "verdict_cache: {enabled: true}\n"


async def scanned(daemon: Daemon, mail: Mail) -> dict[str, Any]:
    answer = await curl(daemon, "/v1/scan", mail.content, *env_fields(mail))
    assert answer.startswith("HTTP/1.1 200 "), answer
    found: dict[str, Any] = json.loads(answer.partition("\n\n")[2])
    return found


def words(found: dict[str, Any]) -> tuple[object, ...]:
    symbols = [(s["name"], s["score"]) for s in found["symbols"]]
    return found["action"], found["reason"], found["score"], symbols


async def test_again(tmp_path: Path) -> None:
    """The second attempt has the first one's verdict and an id of its own."""
    async with running(tmp_path, ON) as daemon:
        for content in (CLEAN, gtube(b"X")):
            first = await scanned(daemon, Mail(content))
            again = await scanned(daemon, Mail(content))
            assert (first["reused"], again["reused"]) == (False, True)
            assert words(first) == words(again)
            assert first["id"] != again["id"]
        other = await scanned(daemon, Mail(CLEAN, sender="eve@example.org"))
        assert not other["reused"]


async def test_reload(tmp_path: Path) -> None:
    """Policy decides anew about what is kept; other scanners begin anew."""
    mail = Mail(gtube(b"X"))
    async with running(tmp_path, ON) as daemon:
        assert (await scanned(daemon, mail))["action"] == "reject"
        config = tmp_path / "sc.yaml"
        text = config.read_text()
        config.write_text(f"{text}policy: {{overrides: {{GTUBE: add header}}}}\n")
        daemon.signal(signal.SIGHUP)
        await daemon.saw("configuration reloaded")
        found = await scanned(daemon, mail)
        assert (found["action"], found["reused"]) == ("add header", True)
        config.write_text(f"{text}scanners: {{links: {{weight: 2}}}}\n")
        daemon.log = ""
        daemon.signal(signal.SIGHUP)
        await daemon.saw("configuration reloaded")
        found = await scanned(daemon, mail)
        assert (found["action"], found["reused"]) == ("reject", False)


@pytest.mark.parametrize(("keys", "reused"), [(b"aa", True), (b"ab", False)])
async def test_nodes(tmp_path: Path, keys: bytes, reused: object) -> None:
    """Another node uses it, if it has the same secret."""
    found = []
    with engines.redis() as redis:
        shared = f"cache: {{backend: redis, redis: {{server: '{redis.tcp}'}}}}\n"
        for number, letter in enumerate(keys):
            state = tmp_path / str(number) / "state"
            state.mkdir(mode=0o700, parents=True)
            (state / "report.key").write_bytes(bytes([letter]) * 32)
            async with running(state.parent, ON + shared) as daemon:
                found.append(await scanned(daemon, Mail(CLEAN)))
    assert [one["reused"] for one in found] == [False, bool(reused)]
