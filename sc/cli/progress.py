"""Signs of progress for people who wait at a terminal."""

import sys
from typing import TextIO

EVERY = 50
"""Messages between two signs of progress."""


def shows_progress() -> bool:
    """Results that run over the screen are progress enough."""
    return sys.stderr.isatty() and not sys.stdout.isatty()


class Progress:
    """A count on one line of a terminal, gone when all is done."""

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self._stream = stream
        self._shown = shown
        self._count = 0

    def step(self) -> None:
        """One message is done."""
        self._count += 1
        if self._shown and self._count % EVERY == 0:
            print(f"\r{self._count} messages", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Make room for another line."""
        if self._shown and self._count >= EVERY:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
