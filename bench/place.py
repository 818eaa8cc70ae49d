"""A server under measurement: where it listens, and what it costs."""

import os
from pathlib import Path

from attrs import frozen


@frozen
class Place:
    """@ivar pid: of the server's only process."""

    host: str
    port: int
    pid: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def cpu_seconds(self) -> float:
        """Of all its threads, since it began (proc(5): utime and stime)."""
        text = Path(f"/proc/{self.pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
