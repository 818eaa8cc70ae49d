"""scctl check: every error with its file and line, and exit 78."""

import re
from pathlib import Path

import pytest

from sc.cli import exits
from sc.cli.scctl import main
from tests.fakes.dkim_keys import key_file, pem, rsa_key


def test_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good file is one line and exit 0."""
    path = tmp_path / "sc.yaml"
    path.write_text("threads: 3\n")
    assert main(["check", "--config", str(path)]) == exits.OK
    assert capsys.readouterr().out == f"{path}: ok\n"


def test_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All errors of a bad one, each with its place, go to stderr."""
    path = tmp_path / "sc.yaml"
    path.write_text("threads: 0\n\nolicy: {}\n")
    assert main(["check", "--config", str(path)]) == exits.CONFIG
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[0].startswith(f"{path}:1: threads: ")
    assert lines[1] == f"{path}:3: olicy: no such option; did you mean policy?"
    assert lines[2] == "2 errors"


def test_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was named and is not there is an error, not the defaults."""
    assert main(["check", "--config", "/nowhere/sc.yaml"]) == exits.CONFIG
    assert "/nowhere/sc.yaml: (file): No such file" in capsys.readouterr().err


def test_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong line of a list is told as one of the configuration is."""
    path, names = tmp_path / "sc.yaml", tmp_path / "deny.list"
    path.write_text(f"lists: {{deny_files: {names}}}\n")
    names.write_text("user joe\n")
    assert main(["check", "--config", str(path)]) == exits.OK
    names.write_text("joe\n")
    assert main(["check", "--config", str(path)]) == exits.CONFIG
    assert capsys.readouterr().err.startswith(f"{names}:1: must be: network|sender")


def test_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The record of each key is shown, and what is doubtful is a warning."""
    key = key_file(tmp_path, pem(rsa_key(1024)))
    one = f"{{domain: example.org, selector: s1, key_file: {key}}}"
    path = tmp_path / "sc.yaml"
    path.write_text(f"abuse_report: {{from: a@other.example, dkim: {one}}}\n")
    assert main(["check", "--config", str(path)]) == exits.OK
    printed = capsys.readouterr()
    assert re.search(r"^s1\._domainkey\.example\.org\. IN TXT", printed.out, re.M)
    warnings = printed.err.splitlines()
    assert len(warnings) == 2
    assert all(line.startswith("warning: abuse_report.dkim: ") for line in warnings)
