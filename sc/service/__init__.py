"""The composition root: twistd's options, the daemon's parts, and how they live.

Only this package imports the reactor and the configuration's loader.
"""

from sc.service.make import makeService
from sc.service.options import Options

__all__ = ["Options", "makeService"]
