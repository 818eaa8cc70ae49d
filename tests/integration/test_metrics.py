"""`GET /metrics` of a whole daemon, as Prometheus reads it."""

import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.daemon import ROOT, running
from tests.programs import run

FETCH = "import sys, urllib.request as u; r = u.urlopen(sys.argv[1], timeout=50);"
FETCH += "print(r.headers['Content-Type']); print(r.read().decode())"
SCAN = "import sys, urllib.request as u;"
SCAN += "u.urlopen(sys.argv[1], sys.stdin.buffer.read(), timeout=50).read()"


async def test_metrics(tmp_path: Path) -> None:
    """A scan is counted, each scanner has a health, and the process its memory."""
    async with running(tmp_path) as daemon:
        url = f"http://127.0.0.1:{daemon.ports['http']}"
        gtube = (ROOT / "docs/examples/gtube.eml").read_bytes()
        scanned = await run([sys.executable, "-c", SCAN, f"{url}/scan"], gtube)
        assert scanned.code == 0, scanned.err
        fetched = await run([sys.executable, "-c", FETCH, f"{url}/metrics"])
        assert fetched.code == 0, fetched.err
    kind, text = fetched.out.decode().split("\n", 1)
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    families = {f.name: f for f in text_string_to_metric_families(text)}
    (scan,) = families["sc_scans"].samples
    assert (scan.labels["action"], scan.value) == ("reject", 1.0)
    up = {"scanner": "patterns", "health": "up"}
    assert [s.value for s in families["sc_scanner_health"].samples if s.labels == up]
    assert {s.labels["listener"] for s in families["sc_connections"].samples} == set(
        daemon.ports
    )
    assert families["sc_store_up"].samples[0].value == 1.0
    assert "process_resident_memory_bytes" in families
