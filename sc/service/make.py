"""What the twistd plugin calls."""

import os
import random
from collections.abc import Mapping
from typing import Any

from twisted.application.service import IService
from twisted.internet import reactor  # noqa: TID251 the composition root
from twisted.internet.protocol import AbstractDatagramProtocol, Factory

from sc.service.daemon import Daemon
from sc.service.options import Options
from sc.service.surroundings import Surroundings


def makeService(options: Options) -> IService:
    """The daemon, not started; nothing is opened before twistd starts it."""
    # Twisted tells of every socket it opens; the operator wants one line a message.
    Factory.noisy = False
    AbstractDatagramProtocol.noisy = False
    process: Mapping[str, Any] = options.parent or {}
    surroundings = Surroundings(
        reactor=reactor,
        environ=os.environ,
        random=random.SystemRandom(),
        uid=process.get("uid"),
        gid=process.get("gid"),
        foreground=bool(process.get("nodaemon")),
    )
    return Daemon(options.source, options.config, surroundings)
