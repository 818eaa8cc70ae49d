"""DNS that lies about lengths, below the whole daemon.

The sender of each message has a name of which another lie is told. None of them is
believed, /healthz goes on answering, and an honest answer counts as before.
"""

import json
from pathlib import Path

from twisted.internet.defer import Deferred, gatherResults

from tests.fakes.lying_dns import FRAMES, LIES, lying_dns
from tests.integration.daemon import PATIENCE, Daemon, pause, running
from tests.integration.pulse import pulse
from tests.integration.raw_client import http, talk

NAMES = [*LIES, *(f"tcp-{name}" for name in LIES), *FRAMES]
DOUBT = {"SPF_TEMPERROR"}
CONFIG = (
    "resolver: {{servers: ['{}'], timeout: 2, destinations: any}}\n"
    "scanners: {{spf: {{enabled: true}}}}\n"
)


async def found(daemon: Daemon, label: str) -> set[str]:
    """What SPF says of this name."""
    said = http(
        "/v1/scan",
        b"Subject: x\r\n\r\nbody\r\n",
        f"X-Env-From: a@{label}.liar.example",
        "X-Env-IP: 203.0.113.9",
    )
    answer = await talk(daemon.ports["http"], said)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    symbols = json.loads(answer.partition(b"\r\n\r\n")[2])["symbols"]
    return {s["name"] for s in symbols if s["name"].startswith("SPF_")}


async def honest(daemon: Daemon, label: str) -> None:
    """Return when this name is known; a busy machine may be too late at first."""
    for _ in range(int(PATIENCE / 0.1)):
        if (said := await found(daemon, label)) == {"SPF_FAIL"}:
            return
        assert said == DOUBT
        await pause(0.1)
    raise AssertionError(f"nothing is known of {label}:\n{daemon.log}")


async def test_lies(tmp_path: Path) -> None:
    """Each lie is a temperror; the truth is heard by UDP and by TCP."""
    async with lying_dns() as address, running(tmp_path, CONFIG.format(address)) as d:
        async with pulse(d.ports["http"]) as beats:
            asking = [Deferred.fromCoroutine(found(d, name)) for name in NAMES]
            said = await gatherResults(asking, consumeErrors=True)
        print(f"{beats.answers} answers, the longest took {beats.longest:.4f} s")
        believed = {n: s for n, s in zip(NAMES, said, strict=True) if s != DOUBT}
        assert believed == {}
        await honest(d, "honest")
        await honest(d, "tcp-honest")
        assert beats.answers
        assert "Traceback" not in d.log
