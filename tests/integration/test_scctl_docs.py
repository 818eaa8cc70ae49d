"""docs/scctl.md's own commands, with the output that it shows."""

import os
import sys
from pathlib import Path

from sc.service.tokens import NAME
from tests.fakes.smtp_relay import Script
from tests.integration.daemon import ROOT
from tests.integration.reports import reporting
from tests.programs import run
from tests.walkthrough import matches, steps


def boundary(config: str) -> str:
    """The examples' own."""
    return config.replace("mx.example.org", "mx.example.net")


async def test_scctl_page(tmp_path: Path) -> None:
    """An operator who types what the page says sees what it shows."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "daemon").mkdir()
    path = f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}"
    found = steps(ROOT / "docs/scctl.md")
    assert len(found) >= 10
    async with reporting(tmp_path / "daemon", Script(), boundary) as world:
        url = f"SC_URL=http://127.0.0.1:{world.daemon.ports['http']}"
        token = f"SC_TOKEN={(world.daemon.state / NAME).read_text().strip()}"
        env = ["env", "-C", str(tmp_path), path, url, token]
        for step in found:
            done = await run([*env, "sh", "-c", f"({step.command}) 2>&1"])
            printed = done.out.decode()
            assert matches(step.output, printed), f"scctl.md:{step.line}\n{printed}"
