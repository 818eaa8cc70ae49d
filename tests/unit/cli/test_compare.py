"""scctl compare: where we and another filter differ."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sc.cli import exits
from sc.cli.scctl import main
from tests.fakes.http_daemon import Answers, answering


def ours(action: str, reason: str = "clean", **more: object) -> tuple[int, Any]:
    symbols = [{"name": "A", "score": 1.0}, {"name": "B", "score": -2.5}]
    return 200, {"action": action, "reason": reason, "symbols": symbols, **more}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answers]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.eml").write_bytes(
        b"X-Spam-Status: Yes, score=7\r\nMessage-ID: <m@x>\r\n\r\nhi\r\n"
    )
    (tmp_path / "silent.eml").write_bytes(b"Subject: x\r\n\r\n\xff\r\n")
    monkeypatch.setenv("SC_TOKEN", "secret")
    with answering() as server:
        monkeypatch.setenv("SC_URL", f"http://127.0.0.1:{server.server_port}")
        yield server


def test_agree(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """Where we say the same there is only a number; theirs was not shown to us."""
    daemon.answer = ours("reject", "spam")
    assert main(["compare", "x.eml"]) == exits.OK
    assert daemon.asked == ("POST", "/v1/scan", "Bearer secret")
    asked = json.loads(daemon.body)
    assert asked == {"message": "Message-ID: <m@x>\r\n\r\nhi\r\n"}
    assert capsys.readouterr().out.splitlines()[2].split() == ["spam", "1", "0", "0"]


def test_differ(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each difference, with what counted most, and exit 1."""
    daemon.answer = ours("no action")
    assert main(["compare", "x.eml", "silent.eml"]) == exits.FAILED
    said = capsys.readouterr().out.splitlines()
    assert said[0] == (
        "x.eml: they spam (spamassassin 7), we ham (no action -1.50: B A)"
    )
    assert [line.split() for line in said[1:]] == [
        ["agree", "only", "they", "only", "we"],
        ["virus", "0", "0", "0"],
        ["spam", "0", "1", "0"],
        ["ham", "0", "0", "1"],
        ["1", "without", "a", "word", "of", "theirs"],
    ]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (ours("reject", "virus"), "virus"),
        (ours("no action", "spam", would="quarantine"), "spam"),
        (ours("soft reject", "unscanned"), None),
        (ours("greylist", "suspicious"), "ham"),
    ],
)
def test_json(
    daemon: Answers,
    capsys: pytest.CaptureFixture[str],
    answer: tuple[int, Any],
    word: str | None,
) -> None:
    """One object a message; a door that only observes tells what it would do."""
    daemon.answer = answer
    code = main(["compare", "--json", "x.eml"])
    said = json.loads(capsys.readouterr().out)
    assert said["they"] == {"word": "spam", "filter": "spamassassin", "score": 7.0}
    assert (said["we"]["word"], said["agree"]) == (word, word == "spam")
    assert code == (exits.OK if word in ("spam", None) else exits.FAILED)


def test_not_scanned(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """That we could not scan is no opinion, and is counted."""
    daemon.answer = ours("soft reject", "unscanned")
    assert main(["compare", "x.eml"]) == exits.OK
    assert "1 not scanned by us" in capsys.readouterr().out


def test_log(
    daemon: Answers, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What the log says of a message counts before its fields."""
    (tmp_path / "log").write_bytes(
        b"\xff\nid: <m@x>, (default: F (no action): [1.00/15.00] [], len: 5\n"
    )
    daemon.answer = ours("no action")
    assert main(["compare", "--log", "log", "x.eml"]) == exits.OK
    assert main(["compare", "--log", "nowhere", "x.eml"]) == exits.INPUT
    assert "scctl: nowhere: No such file" in capsys.readouterr().err


def test_failures(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """One that cannot be asked about keeps no other from it."""
    daemon.answer = (503, {"error": "busy"})
    assert main(["compare", "x.eml", "nothing.eml"]) == exits.LATER
    assert capsys.readouterr().err == (
        "scctl: x.eml: busy\nscctl: nothing.eml: No such file or directory\n"
    )


def test_huge_header(
    daemon: Answers, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A header section that cannot be written anew is shown as it is."""
    head = b"X-Spam-Flag: YES\r\n" + b"X: y\r\n" * 20_001
    (tmp_path / "huge.eml").write_bytes(head + b"\r\nhi\r\n")
    daemon.answer = ours("reject", "spam")
    assert main(["compare", "huge.eml"]) == exits.OK
    assert json.loads(daemon.body)["message"].startswith("X-Spam-Flag")
