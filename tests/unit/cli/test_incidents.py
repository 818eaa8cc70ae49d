"""scctl incidents: who of ours sends spam."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sc.cli import exits
from sc.cli.scctl import main
from tests.fakes.http_daemon import Answers, answering

INCIDENT = {
    "id": "i-1",
    "account": "alice\x1b[2J",
    "opened": 1795223743.1,
    "first": 1795223700.0,
    "last": 1795223800.0,
    "closed": None,
    "closed_by": "",
    "spam": 20,
    "complaints": 1,
    "addresses": ["192.0.2.7", "198.51.100.9"],
    "samples": ["id-9"],
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
    """A line for each that is open; it needs no verb."""
    daemon.answer = (200, {"incidents": [INCIDENT]})
    assert main(["incidents", *verb]) == exits.OK
    assert daemon.asked[:2] == ("GET", "/v1/incidents?limit=100&state=open")
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["id", "account", "opened"]
    assert line.split()[:3] == ["i-1", "alice?[2J", "2026-11-21T01:15:43+00:00"]


def test_all(daemon: Answers) -> None:
    """Those that are closed, too."""
    daemon.answer = (200, {"incidents": []})
    assert main(["incidents", "list", "--all", "--limit", "5"]) == exits.OK
    assert daemon.asked[1] == "/v1/incidents?limit=5&state=all"


def test_show(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """One of them, a field a line."""
    daemon.answer = (200, INCIDENT)
    assert main(["incidents", "show", "i/1"]) == exits.OK
    assert daemon.asked[:2] == ("GET", "/v1/incidents/i%2F1")
    shown = capsys.readouterr().out
    assert "addresses: 192.0.2.7, 198.51.100.9\n" in shown
    assert "closed: -\n" in shown


def test_close(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """The user may send again."""
    daemon.answer = (200, {**INCIDENT, "closed": 1795223900.0, "closed_by": "scctl"})
    assert main(["incidents", "close", "i-1"]) == exits.OK
    assert daemon.asked[:2] == ("POST", "/v1/incidents/i-1/close")
    assert "closed_by: scctl\n" in capsys.readouterr().out


def test_unknown(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """An id that is gone is the daemon's no."""
    daemon.answer = (404, {"error": "no incident x"})
    assert main(["incidents", "close", "x"]) == exits.FAILED
    assert "no incident x" in capsys.readouterr().err
