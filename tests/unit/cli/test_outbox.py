"""scctl outbox: what the operator sees, and the exit codes scripts rely on."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sc.cli import exits
from sc.cli.client import token
from sc.cli.scctl import STATES, main
from sc.model.report import ReportState
from tests.fakes.http_daemon import Answers, answering

REPORT = {
    "id": "r1",
    "state": "failed",
    "contact": "abuse@hosting.example",
    "evidence": "192.0.2.1",
    "reason": "550 no\x1b[2J such user",
}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answers]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SC_TOKEN", "secret")
    with answering() as server:
        monkeypatch.setenv("SC_URL", f"http://127.0.0.1:{server.server_port}")
        server.answer = (200, {"reports": [REPORT]})
        yield server


def test_list(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """A table with one line a report; escape sequences cannot reach the terminal."""
    assert main(["outbox", "list", "--state", "failed", "--limit", "3"]) == exits.OK
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == [
        *("id", "state", "contact", "evidence", "reason")
    ]
    assert "550 no?[2J such user" in out
    assert daemon.asked == ("GET", "/v1/outbox?limit=3&state=failed", "Bearer secret")


def test_json(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets the daemon's own JSON."""
    assert main(["outbox", "--json", "list"]) == exits.OK
    assert json.loads(capsys.readouterr().out) == {"reports": [REPORT]}


@pytest.mark.parametrize(
    ("verb", "asked"),
    [
        ("show", ("GET", "/v1/outbox/a%2Fb")),
        ("retry", ("POST", "/v1/outbox/a%2Fb/retry")),
        ("cancel", ("POST", "/v1/outbox/a%2Fb/cancel")),
        ("approve", ("POST", "/v1/outbox/a%2Fb/approve")),
        ("reject", ("POST", "/v1/outbox/a%2Fb/reject")),
    ],
)
def test_one(
    daemon: Answers,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    asked: tuple[str, str],
) -> None:
    """One report, field by field; an odd id cannot leave its place in the path."""
    daemon.answer = (200, REPORT)
    assert main(["outbox", verb, "a/b"]) == exits.OK
    assert daemon.asked[:2] == asked
    assert "state: failed\n" in capsys.readouterr().out


def test_switch(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """The switch says how it stands, and since when."""
    told = {"stopped": True, "stopped_since": 1795223743.1, "stopped_reason": "why"}
    daemon.answer = (200, told)
    for verb in ("stop", "start"):
        assert main(["outbox", verb]) == exits.OK
        assert daemon.asked[:2] == ("POST", f"/v1/outbox/{verb}")
    since = "stopped: True\nstopped_since: 2026-11-21T01:15:43+00:00\n"
    assert capsys.readouterr().out.startswith(since)
    daemon.answer = (200, {"reports": [REPORT], **told})
    assert main(["outbox", "list"]) == exits.OK
    assert capsys.readouterr().err == "nothing leaves: why\n"


def test_times(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """A person reads when it happened; what never will is a dash."""
    daemon.answer = (200, {"created": 1795223743.1, "next_attempt": None})
    assert main(["outbox", "show", "r1"]) == exits.OK
    printed = capsys.readouterr().out
    assert printed == "created: 2026-11-21T01:15:43+00:00\nnext_attempt: -\n"


def test_answers(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """What the desk wrote back stands below its report."""
    answer = {"received": 1795223743.1, "kind": "automatic", "ticket": "#7\n"}
    daemon.answer = (200, {"id": "r1", "answers": [answer]})
    assert main(["outbox", "show", "r1"]) == exits.OK
    assert capsys.readouterr().out.splitlines() == [
        "id: r1",
        "",
        "answer received: 2026-11-21T01:15:43+00:00",
        "answer kind: automatic",
        "answer ticket: #7?",
    ]


def test_states() -> None:
    """Every state of a report can be asked for."""
    assert set(STATES) == {state.value for state in ReportState}


@pytest.mark.parametrize(
    ("status", "body", "code", "text"),
    [
        (404, {"error": "no such report"}, exits.FAILED, "no such report"),
        (403, {"error": "needs admin"}, exits.FAILED, "give --token-file or $SC_TOKEN"),
        (503, {"error": "stopping"}, exits.LATER, "stopping"),
        (500, b"<html>", exits.LATER, "HTTP 500"),
        (200, b"not JSON", exits.NO_DAEMON, "no daemon at"),
    ],
)
def test_refused(
    daemon: Answers,
    capsys: pytest.CaptureFixture[str],
    status: int,
    body: object,
    code: int,
    text: str,
) -> None:
    """Every failure has its own exit code and says what the daemon said."""
    daemon.answer = (status, body)
    assert main(["outbox", "show", "x"]) == code
    assert text in capsys.readouterr().err


def test_nobody_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No daemon is exit 69, with its address."""
    code = main(["outbox", "--url", "http://127.0.0.1:1", "list"])
    assert code == exits.NO_DAEMON
    assert "no daemon at http://127.0.0.1:1" in capsys.readouterr().err


def test_missing_token_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A token file that is not there is an input error with its name."""
    assert main(["outbox", "--token-file", "/nowhere", "list"]) == exits.INPUT
    assert "/nowhere: No such file" in capsys.readouterr().err


def test_token_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state folder's own token serves when no other is named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "admin.token").write_text("of the state folder\n")
    assert token(None, {"STATE_DIRECTORY": str(tmp_path)}) == "of the state folder"
    assert token(None, {"SC_TOKEN": "named"}) == "named"
    digest = hashlib.sha256(b"x").hexdigest()
    (tmp_path / "t").write_text(digest)
    assert token(str(tmp_path / "t"), {}) == digest


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        ([], exits.USAGE),
        (["outbox"], exits.USAGE),
        (["outbox", "list", "--state", "lost"], exits.USAGE),
        (["--help"], 0),
    ],
)
def test_usage(argv: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong call is exit 64 with the usage; --help is 0."""
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == code
    printed = capsys.readouterr()
    assert "usage: scctl" in printed.out + printed.err
