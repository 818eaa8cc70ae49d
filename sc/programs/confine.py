"""Stands between the daemon and a program that it starts: sets limits, then becomes it.

Run as a file by `python -I -S`, so that it starts fast and imports nothing of ours;
and little else: `signal` alone would take half as long again.
Why the program could not be started goes to descriptor 3, which the program never has.
"""

import os
import resource
import sys

WHY = 3
"""Where the parent listens for what went wrong before the program began."""


def main(memory: int, seconds: int, argv: list[str]) -> None:
    """Return only if the program cannot be started."""
    os.set_inheritable(WHY, False)  # noqa: FBT003 it has no name
    try:
        os.setsid()  # Whatever it forks is killed with it.
        os.chdir("/")
        os.umask(0o077)
        limit(memory, seconds)
        os.execv(argv[0], argv)  # noqa: S606 no shell is the point
    except OSError as e:
        os.write(WHY, (e.strerror or "unknown error").encode())


def limit(memory: int, seconds: int) -> None:
    """From here on, by the kernel's word, for it and all that it forks."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
