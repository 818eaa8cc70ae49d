"""sc.programs.confine: what the small process does before it becomes the program."""

import os
import resource
from collections.abc import Iterator

import pytest

from sc.programs import confine


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """What would be set; this machine allows 1,000 of each but memory."""
    made: dict[int, tuple[int, int]] = {}

    def allowed(what: int) -> tuple[int, int]:
        return 1000, resource.RLIM_INFINITY if what == resource.RLIMIT_AS else 1000

    monkeypatch.setattr(resource, "getrlimit", allowed)
    monkeypatch.setattr(resource, "setrlimit", made.__setitem__)
    return made


@pytest.fixture
def why(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where it says why it could not; nothing of this process is changed."""
    for name in ("setsid", "umask", "chdir"):
        monkeypatch.setattr(os, name, lambda *_: None)
    reading, writing = os.pipe()
    monkeypatch.setattr(confine, "WHY", writing)
    yield reading
    os.close(reading)
    os.close(writing)


def test_limit(limits: dict[int, tuple[int, int]]) -> None:
    """Never above what the daemon itself may have."""
    confine.limit(5000, 30)
    assert limits == {
        resource.RLIMIT_AS: (5000, 5000),
        resource.RLIMIT_FSIZE: (1000, 1000),
        resource.RLIMIT_CPU: (30, 30),
        resource.RLIMIT_CORE: (0, 0),
    }


def test_becomes_the_program(
    limits: dict[int, tuple[int, int]], why: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limited first; the program does not inherit where errors go."""
    begun: list[object] = []

    def execv(path: str, argv: list[str]) -> None:
        begun.append((path, argv, len(limits), os.get_inheritable(confine.WHY)))

    monkeypatch.setattr(os, "execv", execv)
    confine.main(5000, 30, ["/bin/scan", "-x"])
    assert begun == [("/bin/scan", ["/bin/scan", "-x"], 4, False)]


def test_cannot_start(limits: dict[int, tuple[int, int]], why: int) -> None:
    """The parent hears the kernel's word, and no path."""
    confine.main(5000, 30, ["/nonexistent/scan"])
    assert os.read(why, 100) == b"No such file or directory"
