"""etc/systemd/sc.service: hardened, and checked without a running systemd."""

import re

from tests.integration.daemon import ROOT
from tests.programs import program, run

UNIT = str(ROOT / "etc/systemd/sc.service")


async def test_exposure_is_low() -> None:
    """systemd's own judge finds little that the service may do beyond its work."""
    analyze = [program("systemd-analyze"), "security", "--offline=true", "--no-pager"]
    done = await run([*analyze, UNIT])
    match = re.search(
        r"Overall exposure level for sc\.service: ([\d.]+)", str(done.out)
    )
    assert match is not None, done.err.decode()
    assert float(match[1]) <= 2.0


async def test_unit_is_understood() -> None:
    """No directive is misspelt or unknown."""
    done = await run([program("systemd-analyze"), "verify", "--no-pager", UNIT])
    complaints = [
        line for line in done.err.decode().splitlines() if "not executable" not in line
    ]
    assert complaints == []
