"""sc.service.announce: what the daemon says when it is ready."""

import re
from datetime import UTC, datetime
from pathlib import Path

from twisted.logger import Logger, capturedLogs, formatEvent

from sc.config.load import EMBEDDED, Source
from sc.config.schema import load
from sc.model.status import Health, ScannerStatus
from sc.scanners.registry import build_scanners
from sc.scanners.settings import Enabled, ScannerSettings
from sc.service.announce import announce
from tests.fakes.ground import ground
from tests.integration.daemon import ROOT

README = (ROOT / "README.md").read_text()
ERRORS = {
    "clamav": "its socket does not exist",
    "spamassassin": "it refuses connections",
    "rspamd": "it refuses connections",
}


def health(settings: ScannerSettings) -> Health:
    """On a machine that has none of the servers."""
    found = {
        Enabled.TRUE: Health.UP,
        Enabled.AUTO: Health.ABSENT,
        Enabled.FALSE: Health.OFF,
    }
    return found[settings.enabled]


def test_readme() -> None:
    """A newcomer's daemon says what the README shows, line by line."""
    [shown] = re.findall(r"^```\n(listening: .*?)^```$", README, re.DOTALL | re.M)
    config = load(Source(EMBEDDED))
    now = datetime.now(UTC)
    statuses = tuple(
        ScannerStatus(
            entry.name,
            entry.scanner.interface.value,
            health(entry.settings),
            now,
            ERRORS.get(entry.name, ""),
        )
        for entry in build_scanners(config.scanners, ground())
    )
    state = Path("/home/you/sc/var")
    with capturedLogs() as logs:
        announce(Logger(), Source(EMBEDDED), state, config.listeners, statuses)
    assert [formatEvent(event) for event in logs] == shown.splitlines()
