"""The README's own commands, with the output that it shows."""

import shutil
from pathlib import Path

from tests.integration.daemon import DOORS, ROOT, running
from tests.integration.internet import internet
from tests.programs import program, run
from tests.walkthrough import matches, steps


async def test_readme_walkthrough(tmp_path: Path) -> None:
    """A newcomer who types what the README says sees what it shows."""
    for name in ("curl", "spamc", "swaks"):
        program(name)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    async with internet() as names, running(tmp_path, names) as daemon:
        found = steps(ROOT / "README.md")
        assert len(found) >= 4
        for step in found:
            command = step.command
            for name, port in DOORS.items():
                command = command.replace(f":{port}", f":{daemon.ports[name]}")
                command = command.replace(f"-p {port}", f"-p {daemon.ports[name]}")
            done = await run(["env", "-C", str(tmp_path), "sh", "-c", command])
            printed = (done.out + done.err).decode()
            assert matches(step.output, printed), f"README:{step.line}\n{printed}"
