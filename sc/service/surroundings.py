"""What the daemon takes from the process it runs in; tests give their own."""

import random
from collections.abc import Mapping
from typing import Any

from attrs import frozen


@frozen
class Surroundings:
    """
    @ivar reactor: of which every part takes the interfaces that it needs.
    @ivar uid: and gid: whom twistd will become, if told; may be None.
    @ivar foreground: errors at the start go to the terminal as one line.
    """

    reactor: Any
    environ: Mapping[str, str]
    random: random.Random
    uid: int | None = None
    gid: int | None = None
    foreground: bool = True
