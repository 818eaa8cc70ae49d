"""sc.config.load: which file, and what when it cannot be read."""

from pathlib import Path

import pytest

from sc.config.load import EMBEDDED, MAX_OCTETS, Source, find, read_nodes
from sc.config.problems import ConfigError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_order(folder: Path) -> None:
    """The option wins over the variable, that over the folder, else the defaults."""
    assert find(None, {}).name in (EMBEDDED, "/etc/sc/sc.yaml")
    (folder / "sc.yaml").touch()
    assert find(None, {}).path == Path("sc.yaml")
    assert find(None, {"SC_CONFIG": "a"}).path == Path("a")
    assert find("b", {"SC_CONFIG": "a"}).path == Path("b")


def test_empty_is_nothing(folder: Path) -> None:
    """No file and an empty file both mean the defaults."""
    (folder / "sc.yaml").touch()
    assert read_nodes(Source(EMBEDDED)) is None
    assert read_nodes(find(None, {})) is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a: [1", "c.yaml:1: (file): is not YAML"),
        (b"\xff", "c.yaml: (file): is not UTF-8"),
        (b"[" * 5000, "c.yaml: (file): is nested too deeply"),
        (b"a: \x00", "c.yaml: (file): is not YAML"),
        (b"#" * (MAX_OCTETS + 1), "c.yaml: (file): is larger"),
        (None, "c.yaml: (file): No such file"),
    ],
)
def test_unreadable(folder: Path, content: bytes | None, text: str) -> None:
    """A file that cannot be used says where and why."""
    if content is not None:
        (folder / "c.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_nodes(Source("c.yaml", Path("c.yaml")))
    assert str(caught.value).startswith(text)
