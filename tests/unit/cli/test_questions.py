"""scctl report, contact, explain: what people see of what the daemon says."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sc.cli import exits
from sc.cli.scctl import main
from tests.fakes.http_daemon import Answers, answering

CONTACT = {
    "ip": "192.0.2.7",
    "contact": "abuse@isp.example",
    "source": "rdap",
    "reason": "its abuse role",
    "alternatives": ["noc@isp.example"],
    "network": "192.0.2.0/24",
    "form": None,
}
NONE = dict.fromkeys(CONTACT) | {
    "ip": "192.0.2.8",
    "reason": "reports are taken at https://isp.example/form",
    "form": "https://isp.example/form",
    "alternatives": [],
}
WHY = {"contact-reason": "its abuse role", "contact-source": "rdap"}
RELAY = WHY | {
    "type": "received",
    "ip": "192.0.2.7",
    "network": "192.0.2.0/24",
    "verified": False,
    "rdns": "rdns.example",
    "helo": "he\x1b[2Jlo",
    "by": None,
    "date": "2026-11-20T10:00:00+00:00",
}
HOST = WHY | {
    "type": "link",
    "host": "shop.example",
    "ips": [],
    "network": None,
    "count": 9,
    "links": [
        {"url": f"http://shop.example/{n}", "role": "navigates"} for n in range(7)
    ],
}
SENDER = WHY | {
    "type": "sender",
    "domain": "news.example",
    "feedback-id": None,
    "network": None,
}
FOUND = {
    "complaints": {"abuse@isp.example": [RELAY, HOST, SENDER]},
    "warnings": ["it is late"],
    "forms": [
        {"ip": "192.0.2.8", "hosts": ["b.example"], "form": "https://f.example/"}
    ],
    "abuse_report": {
        "sent": True,
        "reports": [
            {"id": "r1", "contact": "abuse@isp.example", "state": "sent", "reason": ""}
        ],
    },
}
NOTHING: dict[str, Any] = {"complaints": {}, "warnings": []}
TABLE = """\
x.eml
  to       abuse@isp.example
  relay    192.0.2.7, rdns rdns.example, helo he?[2Jlo, at 2026-11-20T10:00:00+00:00,\
 not verified: never written about
    why    its abuse role (rdap, 192.0.2.0/24)
  host     shop.example (no address)
    why    its abuse role (rdap)
    link   http://shop.example/0 (navigates)
    link   http://shop.example/1 (navigates)
    link   http://shop.example/2 (navigates)
    link   http://shop.example/3 (navigates)
    link   http://shop.example/4 (navigates)
    link   and 4 more
  sender   news.example
    why    its abuse role (rdap)
  form     https://f.example/ for 192.0.2.8, b.example
  report   r1 sent to abuse@isp.example
  warning  it is late
"""


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answers]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.eml").write_bytes(b'Subject: \xff "x"\r\n\r\n\\\0\r\n')
    monkeypatch.setenv("SC_TOKEN", "secret")
    with answering() as server:
        monkeypatch.setenv("SC_URL", f"http://127.0.0.1:{server.server_port}")
        yield server


def test_contact(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """Who, why, and who else was named; the slash stays in its place of the path."""
    daemon.answer = (200, {"contacts": [CONTACT]})
    assert main(["contact", "192.0.2.0/24"]) == exits.OK
    assert daemon.asked == ("GET", "/v1/contacts/192.0.2.0%2F24", "Bearer secret")
    assert capsys.readouterr().out == (
        "192.0.2.0/24\n"
        "  address  192.0.2.7\n"
        "  contact  abuse@isp.example\n"
        "  source   rdap\n"
        "  why      its abuse role\n"
        "  network  192.0.2.0/24\n"
        "  others   noc@isp.example\n"
    )


def test_no_contact(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """A network that wants a form is no success for a script."""
    daemon.answer = (200, {"contacts": [NONE]})
    assert main(["contact", "192.0.2.8"]) == exits.FAILED
    printed = capsys.readouterr().out
    assert "  contact  none\n" in printed
    assert "  form     https://isp.example/form\n" in printed


def test_contact_refused(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """One bad question does not keep the others from being asked."""
    daemon.answer = (422, {"error": "that is no host"})
    assert main(["contact", "a", "b"]) == exits.FAILED
    told = "scctl: a: that is no host\nscctl: b: that is no host\n"
    assert capsys.readouterr().err == told


def test_contact_json(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a question."""
    daemon.answer = (200, {"contacts": [CONTACT]})
    assert main(["contact", "--json", "a.example", "b.example"]) == exits.OK
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["asked"] for line in lines] == ["a.example", "b.example"]


STORY = {
    "message_id": "id-9",
    "lines": [{"at": 1000.5, "line": "scanned id=id-9 from=a\x1b"}],
    "reports": [
        {
            "id": "r-1",
            "contact": "abuse@isp.example",
            "state": "deferred",
            "reason": "451 later",
            "evidence": "192.0.2.7",
            "attempts": 2,
            "created": 1001.0,
            "changed": 1002.0,
            "next_attempt": 1360.5,
            "mail_message_id": "<r-1@example.org>",
            "mail_kept": kept,
        }
        for kept in (True, False)
    ],
    "waiting_since": 1000.0,
}


def test_explain(
    daemon: Answers,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole story, oldest first."""
    daemon.answer = (200, STORY)
    assert main(["explain", "<r-1@example.org>"]) == exits.OK
    assert daemon.asked[1] == "/v1/explain/%3Cr-1%40example.org%3E"
    printed = capsys.readouterr().out
    assert printed.startswith(
        "message id-9\n"
        "  1970-01-01T00:16:40+00:00  scanned id=id-9 from=a?\n"
        "  1970-01-01T00:16:40+00:00  a request to report it waits\n"
        "report r-1\n"
        "  contact  abuse@isp.example\n"
        "  state    deferred\n"
        "  reason   451 later\n"
        "  evidence 192.0.2.7\n"
        "  attempts 2\n"
        "  created  1970-01-01T00:16:41+00:00\n"
        "  changed  1970-01-01T00:16:42+00:00\n"
        "  next     1970-01-01T00:22:40+00:00\n"
        "  mail     <r-1@example.org> (kept)\n"
    )
    assert printed.endswith("(deleted)\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("id-9\nmore\n"))
    assert main(["explain", "--json", "-"]) == exits.OK
    assert daemon.asked[1] == "/v1/explain/id-9"
    assert json.loads(capsys.readouterr().out) == STORY


def test_explain_quiet(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """No request waits, and no attempt is due."""
    report = STORY["reports"][0] | {"next_attempt": None}  # type: ignore[index]
    daemon.answer = (200, STORY | {"waiting_since": None, "reports": [report]})
    assert main(["explain", "id-9"]) == exits.OK
    printed = capsys.readouterr().out
    assert "waits" not in printed
    assert "next " not in printed


def test_report(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """Who, why, which evidence; every octet reaches the daemon."""
    daemon.answer = (200, FOUND)
    assert main(["report", "x.eml", "--boundary-name", "mx.example"]) == exits.OK
    assert capsys.readouterr().out == TABLE
    assert daemon.asked == ("POST", "/", "Bearer secret")
    asked = json.loads(daemon.body.decode("utf-8", "surrogateescape"))
    assert asked["abuse_report"] == {"send": False}
    assert asked["trusted_boundary"] == {"name": ["mx.example"]}
    message = asked["message"].encode("utf-8", "surrogateescape")
    assert message == Path("x.eml").read_bytes()


def test_nobody(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """A message that proves nothing is no failure."""
    daemon.answer = (200, NOTHING)
    assert main(["report", "x.eml"]) == exits.OK
    assert capsys.readouterr().out == "x.eml\n  to       nobody\n"
    assert "trusted_boundary" not in json.loads(
        daemon.body.decode("utf-8", "surrogateescape")
    )


def test_send(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """What waits is told by the exit code, for scripts."""
    daemon.answer = (200, NOTHING | {"abuse_report": {"sent": False, "reports": []}})
    assert main(["report", "--send", "--json", "x.eml"]) == exits.LATER
    assert json.loads(capsys.readouterr().out)["file"] == "x.eml"
    asked = json.loads(daemon.body.decode("utf-8", "surrogateescape"))
    assert asked["abuse_report"] == {"send": True}


def test_dry_run(daemon: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """All but the sending."""
    daemon.answer = (200, NOTHING)
    assert main(["report", "--dry-run", "x.eml"]) == exits.OK
    asked = json.loads(daemon.body.decode("utf-8", "surrogateescape"))
    assert asked["abuse_report"] == {"dry_run": True}
    with pytest.raises(SystemExit):
        main(["report", "--dry-run", "--send", "x.eml"])


@pytest.mark.parametrize(
    ("status", "text", "code"),
    [
        (503, "abuse_report is not configured", exits.LATER),
        (422, "the message is empty", exits.FAILED),
    ],
)
def test_report_refused(
    daemon: Answers,
    capsys: pytest.CaptureFixture[str],
    status: int,
    text: str,
    code: int,
) -> None:
    """The rest is asked all the same, and the worst counts."""
    daemon.answer = (status, {"error": text})
    assert main(["report", "x.eml", "nowhere.eml"]) == max(code, exits.INPUT)
    assert capsys.readouterr().err == (
        f"scctl: x.eml: {text}\nscctl: nowhere.eml: No such file or directory\n"
    )


@pytest.mark.parametrize("command", [["report"], ["contact", "x"], ["explain", "x"]])
def test_no_daemon(
    daemon: Answers,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit code says that it was not asked at all."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Subject: x\n\n")))
    monkeypatch.setenv("SC_URL", "http://127.0.0.1:1")
    assert main(command) == exits.NO_DAEMON
    assert "no daemon at http://127.0.0.1:1" in capsys.readouterr().err
