"""Python runs this first, if its folder is in `PYTHONPATH`: a process whose clock a
test can set, by the seconds that the file `$SET_CLOCK` holds."""

import os
import time
from pathlib import Path

_REAL = time.time  # noqa: TID251 this is the clock
_FILE = Path(os.environ["SET_CLOCK"])


def _set() -> float:
    return _REAL() + float(_FILE.read_text() or 0)


time.time = _set  # noqa: TID251
