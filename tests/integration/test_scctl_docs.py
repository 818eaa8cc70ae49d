"""docs/scctl.md's own commands, with the output that it shows."""

import os
import sys
from pathlib import Path

from tests.integration.daemon import ROOT
from tests.programs import run
from tests.walkthrough import matches, steps


async def test_scctl_page() -> None:
    """An operator who types what the page says sees what it shows."""
    path = f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}"
    found = steps(ROOT / "docs/scctl.md")
    assert len(found) >= 4
    for step in found:
        command = f"({step.command}) 2>&1"
        done = await run(["env", "-C", str(ROOT), path, "sh", "-c", command])
        printed = done.out.decode()
        assert matches(step.output, printed), f"scctl.md:{step.line}\n{printed}"
