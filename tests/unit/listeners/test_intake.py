"""sc.listeners.intake: a message arriving, in memory or in an unlinked file."""

from mmap import mmap
from pathlib import Path

import pytest

from sc.listeners.intake import Intake, TooLargeError
from sc.model.octets import IN_MEMORY


def test_small_stays_in_memory(tmp_path: Path) -> None:
    """Up to 1 MiB a message is plain bytes."""
    intake = Intake(IN_MEMORY, str(tmp_path))
    intake.write(b"a" * (IN_MEMORY - 1))
    intake.write(b"b")
    content = intake.finish()
    assert isinstance(content, bytes)
    assert len(content) == IN_MEMORY


def test_large_lies_in_a_file_without_a_name(tmp_path: Path) -> None:
    """One octet more and it is a mapped file that no crash can leave behind."""
    intake = Intake(2 * IN_MEMORY, str(tmp_path))
    for chunk in (b"a" * IN_MEMORY, b"b", b"c"):
        intake.write(chunk)
    content = intake.finish()
    assert isinstance(content, mmap)
    assert content[-2:] == b"bc"
    assert len(content) == IN_MEMORY + 2
    assert not list(tmp_path.iterdir())
    content.close()


def test_limit(tmp_path: Path) -> None:
    """At the limit it is taken, one above it is not, and nothing is kept."""
    intake = Intake(5)
    intake.write(b"12345")
    with pytest.raises(TooLargeError, match="exceeds 5 octets"):
        intake.write(b"6")
    assert intake.finish() == b""
    intake.close()
