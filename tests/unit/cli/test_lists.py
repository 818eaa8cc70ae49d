"""scctl lists check: what the lists say of somebody."""

import json
from collections.abc import Iterator

import pytest

from sc.cli import exits
from sc.cli.scctl import main
from tests.fakes.http_daemon import Answers, answering

ENTRY = {
    "list": "deny",
    "entry": "sender a@x.example",
    "from": "192.0.2.7/32",
    "until": 86400.0,
    "comment": "rude\x1b[2J",
    "origin": "/etc/sc/deny.list:3",
}


@pytest.fixture
def daemon() -> Iterator[Answers]:
    with answering() as server:
        yield server


def lists(daemon: Answers, what: str, *options: str) -> int:
    url = f"http://127.0.0.1:{daemon.server_port}"
    return main(["lists", "--url", url, *options, "check", what])


def test_found(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """Each entry with its list and its place, and nothing moves the cursor."""
    plain = ENTRY | {"list": "allow", "from": None, "until": None, "comment": ""}
    daemon.answer = 200, {"entries": [ENTRY, plain]}
    assert lists(daemon, "a@x.example") == exits.OK
    assert daemon.asked[1] == "/v1/lists/a%40x.example"
    assert capsys.readouterr().out == (
        "deny  sender a@x.example from 192.0.2.7/32 until 1970-01-02T00:00:00+00:00"
        " (/etc/sc/deny.list:3) # rude?[2J\n"
        "allow sender a@x.example (/etc/sc/deny.list:3)\n"
    )


def test_nothing(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """That nobody is listed is an answer, and exit 1."""
    daemon.answer = 200, {"entries": []}
    assert lists(daemon, "joe") == exits.FAILED
    assert capsys.readouterr().out == "no entry about joe\n"


def test_json(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """What the daemon said."""
    daemon.answer = 200, {"entries": [ENTRY]}
    assert lists(daemon, "joe", "--json") == exits.OK
    assert json.loads(capsys.readouterr().out) == {"entries": [ENTRY]}
