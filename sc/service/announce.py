"""What the daemon says when it is ready, in a few lines."""

from pathlib import Path

from twisted.logger import Logger

from sc.config.listeners import Listener
from sc.config.load import Source
from sc.model.status import Health, ScannerStatus


def announce(
    log: Logger,
    source: Source,
    state: Path,
    listeners: dict[str, Listener],
    statuses: tuple[ScannerStatus, ...],
) -> None:
    """Where it listens, who scans, where the state lies, whose configuration."""
    for name, listener in listeners.items():
        if listener.enabled:
            where = ", ".join(listener.settings.endpoint)
            log.info("listening: {name} on {where}", name=name, where=where)
    used = [s for s in statuses if s.health is not Health.OFF]
    for status in used:
        log.info("scanner: {name} {health}", name=status.name, health=_tell(status))
    if off := ", ".join(s.name for s in statuses if s.health is Health.OFF):
        log.info("scanners that are off: {off}", off=off)
    log.info("state: {state}", state=state)
    log.info("configuration: {name}", name=source.name)
    up = sum(s.health is Health.UP for s in used)
    log.info("ready: {up} of {used} scanners are up", up=up, used=len(used))


def _tell(status: ScannerStatus) -> str:
    if status.health is Health.UP:
        return f"up ({status.interface})"
    return f"{status.health.value} ({status.error})"
