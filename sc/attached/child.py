"""The process that reads what strangers attach: `python -m sc.attached.child`.

It inherits no socket, no secret and no working directory of the daemon, and its
limits hold whatever a library does with a hostile file.
"""

import importlib
import itertools
import resource
import sys
from collections.abc import Callable, Iterator

from sc.attached.exchange import MAX_URLS, answer, read_question
from sc.attached.kinds import Attachment, Kind
from sc.model.evidence import Role

READERS = {Kind.HTML: "page", Kind.ICS: "ics", Kind.PDF: "pdf", Kind.QR: "qr"}
"""Imported when they are needed: pypdf alone takes longer than a page."""


def main(memory: int, seconds: int) -> None:
    """Answer until the input ends."""
    limit(memory, seconds)
    for attachment in read_question(sys.stdin.buffer):
        sys.stdout.buffer.write(look(attachment))
        sys.stdout.buffer.flush()


def limit(memory: int, seconds: int) -> None:
    """From here on, by the kernel's word; no file is written, none left behind."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def look(attachment: Attachment) -> bytes:
    """One attachment's line. What was found before a failure is kept."""
    found: dict[tuple[str, Role], None] = {}
    try:
        read = _reader(attachment.kind)
        for one in itertools.islice(read(attachment.payload), MAX_URLS):
            found[one] = None
    except MemoryError:
        return answer(list(found), "it needs too much memory")
    except Exception as e:  # noqa: BLE001 a library's bug costs one attachment
        return answer(list(found), f"it is damaged ({type(e).__name__})")
    return answer(list(found), "")


def _reader(kind: Kind) -> Callable[[bytes], Iterator[tuple[str, Role]]]:
    module = importlib.import_module(f"sc.attached.{READERS[kind]}")
    read: Callable[[bytes], Iterator[tuple[str, Role]]] = module.read
    return read


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
