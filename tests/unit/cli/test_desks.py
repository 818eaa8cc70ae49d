"""scctl desks: who answers, who acts, who is dead."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sc.cli import exits
from sc.cli.scctl import main
from tests.fakes.http_daemon import Answers, answering

DESK = {
    "address": "abuse@net.example",
    "sent": 3,
    "bounced": 1,
    "answered": 0,
    "recurrences": 7,
    "dead_until": 1795223743.1,
    "reason": "550 5.1.1 no\x1b[2J such user",
    "form": "",
    "changed": 1795223000.0,
}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answers]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SC_TOKEN", "secret")
    with answering() as server:
        monkeypatch.setenv("SC_URL", f"http://127.0.0.1:{server.server_port}")
        yield server


@pytest.mark.parametrize("verb", [[], ["list"]])
def test_list(
    daemon: Answers, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    """A line for each desk; it needs no verb."""
    daemon.answer = (200, {"desks": [DESK, {**DESK, "dead_until": 0.0}]})
    assert main(["desks", *verb]) == exits.OK
    assert daemon.asked == ("GET", "/v1/desks?limit=100", "Bearer secret")
    head, dead, alive = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["address", "sent", "bounced", "answered", "recurrences"]
    assert dead.split()[:6] == [
        *("abuse@net.example", "3", "1", "0", "7"),
        "2026-11-21T01:15:43+00:00",
    ]
    assert dead.endswith("550 5.1.1 no?[2J such user")
    assert alive.split()[5] == "-"


def test_limit(daemon: Answers) -> None:
    daemon.answer = (200, {"desks": []})
    assert main(["desks", "list", "--limit", "5"]) == exits.OK
    assert daemon.asked[1] == "/v1/desks?limit=5"


def test_json(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets the daemon's own JSON, times in seconds."""
    daemon.answer = (200, {"desks": [DESK]})
    assert main(["desks", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out) == {"desks": [DESK]}


def test_revive(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """One desk; its address cannot leave its place in the path."""
    daemon.answer = (200, {**DESK, "dead_until": 0.0})
    assert main(["desks", "revive", "a/b@net.example"]) == exits.OK
    assert daemon.asked[:2] == ("POST", "/v1/desks/a%2Fb%40net.example/revive")
    assert "dead_until: -\n" in capsys.readouterr().out


def test_unknown(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.answer = (404, {"error": "no report was sent to x@y"})
    assert main(["desks", "revive", "x@y"]) == exits.FAILED
    assert "no report was sent to x@y" in capsys.readouterr().err
