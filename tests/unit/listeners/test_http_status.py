"""Status, health, the outbox for its operator, and paths that do not exist."""

import pytest

from sc.model.report import ReportState
from sc.store.interface import StoreError
from tests.fakes.http_door import (
    ADMIN_TOKEN,
    SCAN_TOKEN,
    STRANGER,
    Client,
    FakeGate,
    FakeOutbox,
)

ADMIN = f"Authorization: Bearer {ADMIN_TOKEN}"


def test_scanners_all() -> None:
    """ecsd's list of names, in the registry's order."""
    reply = Client().get("/status/scannersAll")
    assert reply.json == {"scanners": ["patterns", "clamav", "rspamd"]}


def test_scanners_available() -> None:
    """How each scanner fares; nothing of its configuration."""
    scanners = Client().get("/status/scannersAvailable").json["scanners"]
    assert scanners["patterns"] == {
        "name": "patterns",
        "found": True,
        "available": True,
        "interface": "builtin",
        "state": "up",
        "since": "2026-01-02T03:04:05+00:00",
        "error": "",
        "seconds": 0.001,
        "servers": [],
    }
    down, absent = scanners["clamav"], scanners["rspamd"]
    assert (down["found"], down["available"]) == (True, False)
    assert (down["state"], down["error"]) == ("failing", "connection refused")
    assert down["servers"] == [
        {
            "interface": "socket",
            "state": "absent",
            "since": "2026-01-02T03:04:05+00:00",
            "error": "its socket does not exist",
        }
    ]
    assert (absent["found"], absent["available"]) == (False, False)


def test_health_is_for_everybody() -> None:
    """A load balancer needs no token."""
    client = Client(peer=STRANGER)
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}


def test_not_ready() -> None:
    """Why we are not ready is told to those who may scan."""
    reply = Client(readiness=lambda: ("first probes", "draining")).get("/readyz")
    assert (reply.status, reply.error) == (503, "not ready: first probes; draining")


def test_not_ready_for_strangers() -> None:
    """To others, only that."""
    client = Client(peer=STRANGER, readiness=lambda: ("clamav is down",))
    reply = client.get("/readyz")
    assert (reply.status, "clamav" in reply.error) == (503, False)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/", "GET, HEAD, POST"),
        ("PUT", "/scan", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/scan", "POST"),
        ("DELETE", "/healthz", "GET, HEAD"),
        ("GET", "/v1/outbox/r-1/retry", "POST"),
    ],
)
def test_wrong_method(method: str, path: str, allow: str) -> None:
    """What a path takes is told."""
    reply = Client().get(path, method=method)
    assert (reply.status, reply.fields["allow"]) == (405, allow)
    assert reply.error == f"this path takes {allow} only"


@pytest.mark.parametrize(
    "path", ["/nothing", "/scan/", "/v1//scan", "/v1/outbox/", "/%2e"]
)
def test_no_such_path(path: str) -> None:
    """A path that is not there is 404, and never a redirect."""
    reply = Client().get(path)
    assert (reply.status, reply.error) == (404, "there is nothing at this path")
    assert reply.fields["x-sc-id"] == "id-1"


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "\u00fc", "[", ""])
def test_hosts_that_are_none(host: str) -> None:
    """A Host that is no name is no error of ours."""
    assert Client().get("/healthz", f"Host: {host}").status == 200


def test_outbox_list() -> None:
    """The operator sees what waits, what left and what became of it."""
    outbox = FakeOutbox()
    client = Client(outbox=outbox)
    (report,) = client.get("/v1/outbox", ADMIN).json["reports"]
    assert outbox.asked == [("list", None, 100)]
    assert report == {
        "id": "r-1",
        "state": "deferred",
        "contact": "abuse@isp.example",
        "route": "smtp",
        "rcpt_to": "abuse@isp.example",
        "evidence": "192.0.2.7",
        "reason": "451 later",
        "message_id": "id-9",
        "mail_message_id": "<r-1@example.org>",
        "node": "",
        "attempts": 2,
        "created": 1000.0,
        "changed": 1060.5,
        "next_attempt": 1360.5,
        "digest": None,
    }


def test_outbox_query() -> None:
    """A state and a limit are passed on."""
    outbox = FakeOutbox()
    Client(outbox=outbox).get("/v1/outbox?state=uncertain&limit=1000", ADMIN)
    assert outbox.asked == [("list", ReportState.UNCERTAIN, 1000)]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("state=lost", "state: one of queued, sending, "),
        ("state=%ff", "state: one of "),
        ("state=sent&state=failed", "state: given more than once"),
        ("limit=0", "limit: a number from 1 to 1000"),
        ("limit=1001", "limit: "),
        ("limit=-1", "limit: "),
        ("limit=99999999999", "limit: "),
        ("limit=%D9%A1", "limit: "),
    ],
)
def test_bad_query(query: str, text: str) -> None:
    """A query that makes no sense is told what would."""
    reply = Client().get(f"/v1/outbox?{query}", ADMIN)
    assert (reply.status, text in reply.error) == (400, True)


def test_outbox_show() -> None:
    """One report, by its id."""
    shown = Client().get("/v1/outbox/r-1", ADMIN).json
    assert shown["state"] == "deferred"
    (answer,) = shown["answers"]
    assert (answer["kind"], answer["ticket"]) == ("automatic", "#7")


def test_desks() -> None:
    """The operator sees what became of the reports to each desk."""
    client = Client()
    (desk,) = client.get("/v1/desks?limit=7", ADMIN).json["desks"]
    assert client.desks.asked == [("list", 7)]
    assert desk == {
        "address": "abuse@isp.example",
        "sent": 3,
        "bounced": 1,
        "answered": 2,
        "recurrences": 4,
        "dead_until": 2000.0,
        "reason": "550 5.1.1 unknown",
        "form": "https://isp.example/abuse",
        "changed": 1000.0,
    }


def test_desk_revived() -> None:
    """A desk that the operator knows to be alive gets reports again."""
    reply = Client().post("/v1/desks/abuse%40isp.example/revive", b"", ADMIN)
    assert (reply.status, reply.json["dead_until"]) == (200, 0.0)


@pytest.mark.parametrize("address", ["abuse@else.example", "a" * 400, "a%0ab"])
def test_desk_never_written_to(address: str) -> None:
    """One that never had a report is none."""
    reply = Client().post(f"/v1/desks/{address}/revive", b"", ADMIN)
    assert (reply.status, "\n" in reply.error) == (404, False)


@pytest.mark.parametrize("path", ["/v1/desks", "/v1/desks/a@b.example/revive"])
def test_desks_need_admin(path: str) -> None:
    """Whom we write to is the operator's matter."""
    client = Client()
    ask = client.post(path, b"") if "revive" in path else client.get(path)
    assert ask.status == 401


@pytest.mark.parametrize(
    ("verb", "state"), [("retry", "queued"), ("cancel", "cancelled")]
)
def test_outbox_verbs(verb: str, state: str) -> None:
    """A report is sent again, or never."""
    outbox = FakeOutbox()
    reply = Client(outbox=outbox).post(f"/v1/outbox/r-1/{verb}", b"", ADMIN)
    assert (reply.status, reply.json["state"]) == (200, state)
    assert outbox.asked == [(verb, "r-1")]


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_outbox_verbs_need_the_operator(verb: str) -> None:
    """Without the token, nothing happens."""
    outbox = FakeOutbox()
    reply = Client(outbox=outbox).post(f"/v1/outbox/r-1/{verb}", b"")
    assert (reply.status, outbox.asked) == (401, [])


@pytest.mark.parametrize("report_id", ["r-2", "x" * 200, "%00", "%0a"])
def test_no_such_report(report_id: str) -> None:
    """A report that is not there is 404."""
    reply = Client().get(f"/v1/outbox/{report_id}", ADMIN)
    assert reply.status == 404
    assert "report" in reply.error


def test_impossible_change() -> None:
    """What was sent cannot be sent again."""
    client = Client(outbox=FakeOutbox(sent=True))
    reply = client.post("/v1/outbox/r-1/retry", b"", ADMIN)
    assert reply.status == 409
    assert reply.error == "a report that is sent cannot become queued"


def test_store_out_of_order() -> None:
    """A full disk is 503, and its path nobody's business."""
    client = Client(outbox=FakeOutbox(error=StoreError("/var/lib/sc: disk full")))
    reply = client.get("/v1/outbox/r-1", ADMIN)
    assert (reply.status, reply.error) == (503, "the store cannot be used now")


def test_switch() -> None:
    """The operator stops all sending, sees it in the list, and starts it again."""
    client = Client(gate=(gate := FakeGate()))
    stopped = {
        "stopped": True,
        "stopped_since": 1000.0,
        "stopped_reason": "stopped by the operator",
    }
    assert client.post("/v1/outbox/stop", b"", ADMIN).json == stopped
    listed = client.get("/v1/outbox", ADMIN).json
    assert listed | stopped == listed
    assert client.post("/v1/outbox/start", b"", ADMIN).json["stopped"] is False
    assert gate.asked == [("stop",), ("start",)]


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "queued"), ("reject", "cancelled")]
)
@pytest.mark.parametrize("which", ["r-1", "abuse%40isp.example"])
def test_new_desk(verb: str, state: str, which: str) -> None:
    """A desk is approved or rejected by its address, or by a report that waits."""
    reply = Client().post(f"/v1/outbox/{which}/{verb}", b"", ADMIN)
    assert (reply.status, reply.json["desk"]) == (200, "abuse@isp.example")
    assert [report["state"] for report in reply.json["reports"]] == [state]


@pytest.mark.parametrize("path", ["stop", "start", "r-1/approve", "r-1/reject"])
def test_gate_needs_the_operator(path: str) -> None:
    """Without the token, nothing happens."""
    gate = FakeGate()
    reply = Client(gate=gate).post(f"/v1/outbox/{path}", b"")
    assert (reply.status, gate.asked) == (401, [])


@pytest.mark.parametrize("which", ["r-2", "x" * 400, "%00"])
def test_no_such_desk(which: str) -> None:
    """Who is neither a report nor a desk is 404."""
    assert Client().post(f"/v1/outbox/{which}/approve", b"", ADMIN).status == 404


def test_metrics() -> None:
    """Prometheus reads them; refused requests are among them."""
    client = Client()
    client.get("/nothing")
    reply = client.get("/metrics")
    assert reply.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'sc_refused_total{listener="http",why="404"} 1.0\n' in reply.body


def test_metrics_need_a_right() -> None:
    """A stranger is not told how much mail there is."""
    client = Client(peer=STRANGER)
    assert client.get("/metrics").status == 401
    with_token = client.get("/metrics", f"Authorization: Bearer {SCAN_TOKEN}")
    assert with_token.status == 200


def test_refused_before_it_is_whole() -> None:
    """What never becomes a request counts, too."""
    client = Client()
    client.send(b"nonsense\r\n\r\n")
    text = client.door.flow.metrics.text()
    assert b'sc_refused_total{listener="http",why="400"} 1.0\n' in text


def test_incidents() -> None:
    """Outbreaks of our own users, for whom they concern."""
    client = Client()
    assert client.get("/v1/incidents").status == 401
    told = client.get("/v1/incidents", ADMIN).json["incidents"]
    assert [(i["id"], i["account"], i["closed"]) for i in told] == [
        ("i-1", "alice@example.org", None)
    ]
    client.get("/v1/incidents?state=open&limit=5", ADMIN)
    assert client.incidents.asked == [("list", 100, False), ("list", 5, True)]
    assert client.get("/v1/incidents?state=odd", ADMIN).status == 400


def test_one_incident() -> None:
    """It is shown, and closed in the name of whoever asks."""
    client = Client()
    assert client.get("/v1/incidents/i-1", ADMIN).json["samples"] == ["id-9"]
    assert client.post("/v1/incidents/i-1/close", b"").status == 401
    closed = client.post("/v1/incidents/i-1/close", b"", ADMIN)
    assert closed.json["closed_by"] == "operator"
    for path in ("/v1/incidents/i-2", f"/v1/incidents/{'i' * 101}"):
        assert client.get(path, ADMIN).status == 404
