"""scctl evidence: relay and links of files, for people and for programs."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from sc.cli import exits
from sc.cli.progress import EVERY, Progress
from sc.cli.scctl import main
from tests.fakes.attachments import message

RECEIVED = (
    b"Received: from helo.example (rdns.example [5.6.7.8]) by mx.home.example"
    b" with ESMTPS id x; Mon, 19 Oct 2026 14:04:06 +0000\n"
)
MESSAGE = RECEIVED + (
    b"Subject: x\n\nhttps://l.facebook.com/l.php?u=http%3A%2F%2Fa.example%2F\n"
)
BY_AND_WHEN = "by mx.home.example, at 2026-10-19T14:04:06+00:00"
CHAIN = "https://l.facebook.com/l.php?u=http%3A%2F%2Fa.example%2F"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.eml"
    path.write_bytes(MESSAGE)
    return path


def test_attached(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Attachments are read when they are named."""
    path.write_bytes(message(("text/calendar", "b.ics", b"URL:http://b.example/\r\n")))
    assert main(["evidence", str(path), "--json"]) == exits.OK
    assert _json(capsys)[0]["links"] == []
    assert main(["evidence", str(path), "--json", "--attached", "ics,pdf"]) == exits.OK
    (link,) = _json(capsys)[0]["links"]
    assert (link["url"], link["part"]) == ("http://b.example/", "b.ics")
    assert main(["evidence", str(path), "--attached", "ics"]) == exits.OK
    assert "\n             attached as b.ics\n" in capsys.readouterr().out


def test_attached_what(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that is none, and one whose library is missing."""
    with pytest.raises(SystemExit) as caught:
        main(["evidence", str(path), "--attached", "pdf,exe"])
    assert caught.value.code == exits.USAGE
    assert "'exe' is none of html,ics,pdf,qr" in capsys.readouterr().err
    monkeypatch.setattr("sc.attached.settings.find_spec", lambda _: None)
    assert main(["evidence", str(path), "--attached", "pdf"]) == exits.USAGE
    assert "pip install 'sc[pdf]'" in capsys.readouterr().err


def _json(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "boundary",
    [
        ["--boundary-name", "b.example", "--boundary-name", "MX.home.example"],
        ["--boundary-domain", "home.example", "--boundary-domain", "b.example"],
        ["--boundary-cidr", "192.0.2.1/24", "--boundary-cidr", "2001:db8::/32"],
    ],
)
def test_json(
    path: Path, boundary: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One object a message, with the relay that the boundary saw, and the links."""
    assert main(["evidence", str(path), *boundary, "--json"]) == exits.OK
    link = {"url": "http://a.example/", "host": "a.example", "role": "navigates"}
    relay = {
        "ip": "5.6.7.8",
        "helo": "helo.example",
        "rdns": "rdns.example",
        "by": "mx.home.example",
        "date": "2026-10-19T14:04:06+00:00",
        "header": RECEIVED.decode().strip(),
    }
    assert _json(capsys) == [
        {
            "file": str(path),
            "relay": relay,
            "links": [{**link, "chain": [CHAIN]}],
            "warnings": [],
        }
    ]


def test_without_boundary(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a boundary nothing proves the relay, and a warning says so."""
    assert main(["evidence", "--json", str(path)]) == exits.OK
    (told,) = _json(capsys)
    assert told["relay"] is None
    assert "not configured" in told["warnings"][0]


def test_for_people(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A block a message, one line a fact."""
    name = ["--boundary-name", "mx.home.example"]
    assert main(["evidence", str(path), str(path), *name]) == exits.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        str(path),
        f"  relay    5.6.7.8, rdns rdns.example, helo helo.example, {BY_AND_WHEN}",
        "  link     http://a.example/ (navigates)",
        f"             in {CHAIN}",
    ]
    assert lines[4:] == lines[:4]


def test_a_stranger_moves_no_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters of a message never reach the terminal; a bounce is told."""
    path = tmp_path / "\x1b[31m"
    path.write_bytes(
        b"Received: from \x1b[2J ([5.6.7.8]) by mx.home.example with SMTP\n"
        b"Content-Type: message/delivery-status\n\n"
    )
    main(["evidence", str(path), "--boundary-name", "mx.home.example"])
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "helo ?[2J" in printed
    assert "warning  not to be reported: it is a delivery status" in printed


def test_no_relay(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No relay is said, not left out."""
    main(["evidence", str(path), "--boundary-name", "mx.other.example"])
    assert "  relay    none\n" in capsys.readouterr().out


def test_unreadable(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file is told on stderr with exit 65, and the others are read."""
    assert main(["evidence", "--json", "/nowhere", str(path)]) == exits.INPUT
    printed = capsys.readouterr()
    assert printed.err == "scctl: /nowhere: No such file or directory\n"
    assert json.loads(printed.out)["file"] == str(path)


def test_bad_network(capsys: pytest.CaptureFixture[str]) -> None:
    """A network that is none is a wrong call."""
    with pytest.raises(SystemExit) as e:
        main(["evidence", "--boundary-cidr", "home"])
    assert e.value.code == exits.USAGE
    assert "'home' is no network" in capsys.readouterr().err


@pytest.mark.parametrize("shown", [True, False])
def test_progress(*, shown: bool) -> None:
    """Many messages are counted on a terminal, on one line that goes away."""
    stream = io.StringIO()
    progress = Progress(stream, shown=shown)
    progress.clear()
    for _ in range(EVERY):
        progress.step()
    progress.clear()
    assert stream.getvalue() == (f"\r{EVERY} messages\r\x1b[K" if shown else "")
