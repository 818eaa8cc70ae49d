"""Home, Status and Scan, for people; what a browser may do with them."""

import base64
import re
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.web.template import flattenString

from sc.listeners.http.pages.status import ago, status
from sc.model.decision import Action, ScoredSymbol
from sc.model.status import Health, ScannerStatus, ServerStatus
from sc.model.verdict import Findings, ScannerResult, State
from tests.fakes.flow import decision_of, stub_flow
from tests.fakes.http_door import (
    ADMIN_TOKEN,
    SCAN_TOKEN,
    SINCE,
    STRANGER,
    Client,
    Reply,
)

BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
HOSTILE = (
    b'Subject: <img src=x onerror=alert(1)>\x07\r\nFrom: "<script>" <a@b.c>\r\n\r\nx'
)


def page(reply: Reply) -> str:
    """Its text; fails if it is no guarded page."""
    assert reply.fields["content-type"] == "text/html; charset=utf-8"
    policy = reply.fields["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = reply.body.decode()
    assert text.startswith("<!DOCTYPE html>")
    assert not re.search(r"<script|<style|<[^<>]*\s(?:on\w+|style)=", text)
    return text


@pytest.mark.parametrize("path", ["/", "/status", "/scan"])
def test_pages(path: str) -> None:
    """Each page tells which one it is, and links to the others."""
    text = page(Client().get(path, BROWSER))
    assert f'<a href="{path}" aria-current="page">' in text
    assert text.count("<h1>") == 1


def test_home() -> None:
    """What is up, and what is not."""
    text = page(Client().get("/"))
    assert "Ready" in text
    assert "Scanners that are up: patterns. Failing: clamav." in text
    assert "Not ready: a &lt; b" in page(Client(readiness=lambda: ("a < b",)).get("/"))


def test_status() -> None:
    """Every scanner with its state, since when, latency and last error."""
    early = Client()
    early.clock.advance(1767323045 + 7200)
    text = page(Client(beside=early).get("/status"))
    assert text.count('<th scope="row">') == 3
    for said in ("up", "failing", "not here", "connection refused", "1 ms", "(2 h)"):
        assert said in text
    assert 'datetime="2026-01-02 03:04:05Z"' in text
    assert "http-equiv" not in text


def test_servers_of_a_scanner() -> None:
    """Where several share the work, each is told; one alone is the scanner itself."""
    servers = (
        ServerStatus("network", Health.UP, SINCE),
        ServerStatus("network", Health.FAILING, SINCE, "it refuses connections"),
    )
    statuses = (
        ScannerStatus("clamav", "network", Health.UP, SINCE, servers=servers),
        ScannerStatus("rspamd", "network", Health.UP, SINCE, servers=servers[:1]),
    )
    door = evolve(Client().door, statuses=lambda: statuses)
    shown = succeed_now(flattenString(None, status(door, None))).decode()
    rows = re.findall(r'<th scope="row">(.*?)</th>', shown)
    assert rows == ["clamav", "clamav, server 1", "clamav, server 2", "rspamd"]
    assert shown.count("it refuses connections") == 1


def succeed_now(deferred: "Deferred[bytes]") -> bytes:
    found: list[bytes] = []
    deferred.addCallback(found.append)
    return found[0]


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("10", "10"),
        ("3600", "3600"),
        ("1", ""),
        ("99999", ""),
        ("x", ""),
        ("%C2%B2", ""),
    ],
)
def test_refresh(query: str, seconds: str) -> None:
    """Only where it was asked for, and not as fast as the browser can."""
    text = page(Client().get(f"/status?refresh={query}"))
    found = re.search(r'http-equiv="refresh" content="(\d+)"', text)
    assert (found[1] if found else "") == seconds


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (2e5, "2 d")],
)
def test_ago(seconds: float, said: str) -> None:
    """The largest unit that fits."""
    assert ago(seconds) == said


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action.REJECT, "It would be refused."),
        (Action.SOFT_REJECT, "refused for now"),
        (Action.QUARANTINE, "kept aside"),
        (Action.REWRITE_SUBJECT, "another Subject"),
        (Action.ADD_HEADER, "marked as spam"),
        (Action.GREYLIST, "looks suspicious"),
        (Action.NO_ACTION, "It would be delivered."),
    ],
)
def test_decision_in_words(action: Action, words: str) -> None:
    """Each action has its sentence, beside our own one and both thresholds."""
    symbols = (
        ScoredSymbol("SMALL", 0.1),
        ScoredSymbol("GREAT", -7.0, ("<b>",), "says <i>"),
    )
    flow = stub_flow(decision=decision_of(action, *symbols))
    text = page(Client(flow).post("/scan", HOSTILE, BROWSER))
    assert words in text
    assert action.value in text
    assert "marked as spam from 6.00, refused from 15.00" in text
    assert text.index("GREAT") < text.index("SMALL")
    assert "says &lt;i&gt;" in text
    assert "&lt;b&gt;" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"redirect_to": "abuse@example.org"}, "sent to abuse@example.org instead."),
        (
            {"action": Action.NO_ACTION, "would": Action.REJECT},
            "This listener only observes. Elsewhere: It would be refused.",
        ),
    ],
)
def test_other_ways_in_words(change: dict[str, Any], words: str) -> None:
    """What becomes of a rejection where a door redirects, or only observes."""
    flow = stub_flow(decision=evolve(decision_of(Action.REJECT), **change))
    assert words in page(Client(flow).post("/scan", HOSTILE, BROWSER))


def test_hostile_message() -> None:
    """A stranger's text is text, also where it is cut."""
    long = HOSTILE.replace(b"<script>", b"<" * 5000)
    for content in (HOSTILE, long, b"", b"no header"):
        if content:
            text = page(Client(stub_flow()).post("/scan", content, BROWSER))
            assert "\x07" not in text
    text = page(Client(stub_flow()).post("/scan", HOSTILE, BROWSER))
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_scanners_of_a_decision() -> None:
    """Each scanner's part, also of those that could not look."""
    results = (
        ScannerResult("a", State.DONE, Findings(flagged=("Eicar",)), seconds=0.0123),
        ScannerResult("b", State.ERROR, error="it <hangs>"),
        ScannerResult("c", State.SKIPPED, reason="not here"),
    )
    text = page(Client(stub_flow(results=results)).post("/scan", HOSTILE, BROWSER))
    for said in ("Eicar", "12 ms", "it &lt;hangs&gt;", "not here"):
        assert said in text


def test_errors_are_pages_too() -> None:
    """A browser reads the sentence; a program gets JSON as ever."""
    reply = Client().get("/nowhere", BROWSER)
    assert (reply.status, "there is nothing at this path" in page(reply)) == (404, True)
    assert Client().get("/nowhere").error == "there is nothing at this path"


def test_files() -> None:
    """The style and the icon; no other file."""
    client = Client(peer=STRANGER)
    assert client.get("/web/style.css").fields["content-type"].startswith("text/css")
    assert client.get("/web/icon.svg").body.startswith(b"<svg")
    for name in ("page.html", "..%2fflow.py", "%2e%2e", "x"):
        assert client.get(f"/web/{name}").status == 404


def test_stranger_in_a_browser() -> None:
    """A browser asks its user; the token is the password."""
    client = Client(peer=STRANGER)
    reply = client.get("/status", BROWSER)
    assert (reply.status, reply.fields["www-authenticate"]) == (401, 'Basic realm="sc"')
    assert client.get("/status").fields["www-authenticate"] == "Bearer"
    pair = base64.b64encode(f"anybody:{SCAN_TOKEN}".encode()).decode()
    assert "patterns" in page(client.get("/status", f"Authorization: Basic {pair}"))


@pytest.mark.parametrize(
    "given", ["Basic", "Basic x", "Basic /w==", "Basic Og==", "Basic bm8=", "Other abc"]
)
def test_no_such_authorization(given: str) -> None:
    """What is no token of ours gives no right, and no error of ours."""
    reply = Client(peer=STRANGER).get("/status", f"Authorization: {given}")
    assert reply.status == 401


def test_no_secret() -> None:
    """No page and no endpoint for `scan` says a token."""
    client = Client()
    for path in ("/", "/status", "/scan", "/status/scannersAvailable"):
        assert ADMIN_TOKEN.encode() not in client.get(path).body
