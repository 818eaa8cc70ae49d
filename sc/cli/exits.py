"""Exit codes of `scctl`, after sysexits(3)."""

OK = 0
FAILED = 1
USAGE = 64
INPUT = 65
NO_DAEMON = 69
LATER = 75
CONFIG = 78
