"""`twistd sc`'s own options; the process options stand before `sc`."""

import os
import sys
from typing import ClassVar

from twisted.python import usage

import sc
from sc.config.load import Source, find
from sc.config.problems import ConfigError
from sc.config.schema import Config, load

CONFIG_ERROR = 78
"""EX_CONFIG of sysexits(3)."""


CONFIG_HELP = (
    "the configuration; default: $SC_CONFIG, ./sc.yaml, /etc/sc/sc.yaml,"
    " else the embedded defaults"
)


class Options(usage.Options):
    """
    @ivar source: where the configuration came from, after parsing.
    @ivar config: what it says.
    """

    synopsis = "[--config FILE] [-T]"
    longdesc = (
        "Scan mail in the protocols that mail servers speak, and report abuse."
        " Without a configuration file the embedded defaults run on loopback."
    )
    optParameters: ClassVar = [["config", "c", None, CONFIG_HELP]]
    optFlags: ClassVar = [
        ["test", "T", "read the configuration, tell every error, and exit"]
    ]
    source: Source
    config: Config

    def opt_version(self) -> None:
        """Print our version and exit."""
        print(f"sc {sc.__version__}")
        raise SystemExit(0)

    def postOptions(self) -> None:
        """Read the configuration while errors still reach the terminal."""
        self.source = find(self["config"], os.environ)
        try:
            self.config = load(self.source)
        except ConfigError as e:
            print(e, file=sys.stderr)
            raise SystemExit(CONFIG_ERROR) from None
        if self["test"]:
            print(f"{self.source.name}: ok")
            raise SystemExit(0)
