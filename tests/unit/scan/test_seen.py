"""sc.scan.seen: which scanners were ever up, remembered over a restart."""

import json
from pathlib import Path

import pytest

from sc.scan.seen import SeenFile


def test_remembers_over_a_restart(tmp_path: Path) -> None:
    """What was up once is known to the next daemon, and nothing else lies about."""
    path = tmp_path / "seen.json"
    assert SeenFile(path).load() == frozenset()
    SeenFile(path).remember("clamav")
    SeenFile(path).remember("spamassassin")
    assert SeenFile(path).load() == {"clamav", "spamassassin"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "[" * 50_000, "\xff"])
def test_broken_file(tmp_path: Path, text: str) -> None:
    """A broken file costs the memory, not the start, and is written anew."""
    path = tmp_path / "seen.json"
    path.write_text(text, "latin-1")
    assert SeenFile(path).load() == frozenset()
    SeenFile(path).remember("clamav")
    assert SeenFile(path).load() == {"clamav"}


def test_strange_names_are_passed_over(tmp_path: Path) -> None:
    """Only names count."""
    path = tmp_path / "seen.json"
    path.write_text(json.dumps(["clamav", 7, "../x", ""]))
    assert SeenFile(path).load() == {"clamav"}


def test_folder_is_gone(tmp_path: Path) -> None:
    """A state folder that cannot be written is told, and the daemon goes on."""
    memory = SeenFile(tmp_path / "none" / "seen.json")
    memory.remember("clamav")
    assert memory.load() == frozenset()


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Whole or not at all."""
    path = tmp_path / "seen.json"
    (path / "in-the-way").mkdir(parents=True)
    SeenFile(path).remember("clamav")
    assert list(tmp_path.iterdir()) == [path]
