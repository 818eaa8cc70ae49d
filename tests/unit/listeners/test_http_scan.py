"""`POST /scan` as ecsd answers it, and `POST /v1/scan`."""

from typing import Any

import pytest
from attrs import evolve
from twisted.internet.task import Clock

from sc.flow import OverloadedError
from sc.listeners.http.settings import HttpLimits, HttpSettings
from sc.model.decision import Action
from sc.model.verdict import Findings, ScannerResult, State, Symbol, Verdict
from tests.fakes.flow import CLEAN, SPAM, decision_of, stub_flow
from tests.fakes.http_door import Client

RESULTS = (
    ScannerResult(
        "spamassassin",
        State.DONE,
        Findings(
            (Symbol("GTUBE", 1000.0, required=5.0, options=("a",), description="b"),),
            flagged=("1000.0",),
            raw="SPAMD/1.1 0 EX_OK",
        ),
        seconds=0.12345678,
    ),
    ScannerResult("clamav", State.ERROR, error="connection refused"),
    ScannerResult("rspamd", State.SKIPPED, reason="never seen"),
    ScannerResult("patterns", State.DONE, Findings(passed=("clean",))),
)


@pytest.mark.parametrize("path", ["/scan", "/v1/scan"])
def test_wanted_scanners(path: str) -> None:
    """A client may ask for some scanners only, in as many lines as it likes."""
    flow = stub_flow(results=RESULTS)
    client = Client(flow)
    fields = ("X-SC-Scanners: ClamAV , patterns,", "X-SC-Scanners: rspamd")
    assert client.post(path, b"x", *fields).status == 200
    assert client.post(path, b"x").status == 200
    pipeline: Any = flow.pipeline
    assert pipeline.wanted == [frozenset({"clamav", "patterns", "rspamd"}), None]


def test_wanted_scanners_in_json() -> None:
    """JSON has a member for them; the header field wins."""
    flow = stub_flow(results=RESULTS)
    client, kind = Client(flow), "Content-Type: application/json"
    asked = b'{"message": "x", "scanners": ["patterns"]}'
    assert client.post("/v1/scan", asked, kind).status == 200
    field = "X-SC-Scanners: rspamd"
    assert client.post("/v1/scan", asked, kind, field).status == 200
    pipeline: Any = flow.pipeline
    assert pipeline.wanted == [frozenset({"patterns"}), frozenset({"rspamd"})]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("clamav, clamaw", "X-SC-Scanners: 'clamaw' is no scanner"),
        ("<b>", "X-SC-Scanners: '<b>' is no scanner"),
        (", ,", "X-SC-Scanners: names no scanner"),
        ("", "X-SC-Scanners: names no scanner"),
    ],
)
def test_unknown_scanner(field: str, words: str) -> None:
    """A scanner that does not exist is an error, not a message that nobody scanned."""
    flow = stub_flow(results=RESULTS)
    reply = Client(flow).post("/scan", b"x", f"X-SC-Scanners: {field}")
    assert (reply.status, reply.error) == (400, words)
    assert not flow.pipeline.seen


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (b'"clamav"', "scanners: must be a list of names"),
        (b"[1]", "scanners: must be a list of names"),
        (b"[]", "scanners: names no scanner"),
        (b'["x"]', "scanners: 'x' is no scanner"),
    ],
)
def test_unknown_scanner_in_json(member: bytes, words: str) -> None:
    """The same in JSON, with the member's name."""
    body = b'{"message": "x", "scanners": %b}' % member
    reply = Client().post("/v1/scan", body, "Content-Type: application/json")
    assert (reply.status, reply.error) == (400, words)


def test_ecsd_array() -> None:
    """Every scanner by name, in a stable order; what could not scan says so."""
    reply = Client(stub_flow(results=RESULTS)).post("/scan", b"x")
    assert reply.status == 200
    assert reply.json == [
        {
            "name": "spamassassin",
            "pass": [],
            "fail": ["1000.0"],
            "error": [],
            "raw": "SPAMD/1.1 0 EX_OK",
        },
        {
            "name": "clamav",
            "pass": [],
            "fail": [],
            "error": ["connection refused"],
            "raw": "",
        },
        {
            "name": "rspamd",
            "pass": [],
            "fail": [],
            "error": [],
            "raw": "",
            "skipped": "never seen",
        },
        {"name": "patterns", "pass": ["clean"], "fail": [], "error": [], "raw": ""},
    ]


def test_decision_fields() -> None:
    """The decision, which ecsd does not have, stands in the reply's header."""
    fields = Client(stub_flow(decision=SPAM)).post("/scan", b"x").fields
    assert fields["x-sc-id"] == "id-1"
    assert fields["x-sc-action"] == "reject"
    assert fields["x-sc-score"] == "15.00"
    assert fields["x-sc-threshold"] == "15.00"
    assert fields["x-sc-reason"] == "spam"


def test_our_own_report() -> None:
    """A message that must not be scanned for content is an empty array."""
    flow = stub_flow(unscannable=lambda message: Verdict(message.id))
    reply = Client(flow).post("/scan", b"x")
    assert (reply.json, reply.fields["x-sc-action"]) == ([], "no action")


@pytest.mark.parametrize("kind", ["", "x/y", "application/x-www-form-urlencoded"])
def test_ecsd_clients(kind: str) -> None:
    """curl and ecsd's clients announce any type, and mean a message."""
    flow = stub_flow()
    fields = [f"Content-Type: {kind}"] if kind else []
    assert Client(flow).post("/scan", b"a: b\r\n", *fields).status == 200
    assert flow.seen[0].content == b"a: b\r\n"


def test_envelope() -> None:
    """`X-Env-*` tell the envelope; what we do not know of them is left alone."""
    flow = stub_flow()
    Client(flow).post(
        "/scan",
        b"x",
        "X-Env-IP: 2001:db8::1",
        "X-Env-User: alice",
        "X-Env-File: /etc/passwd",
        "X-Env-Settings: {}",
        "X-Env-SPF: pass",
    )
    envelope = flow.seen[0].envelope
    assert (str(envelope.client_ip), envelope.user) == ("2001:db8::1", "alice")
    assert (envelope.sender, envelope.recipients) == (None, ())


@pytest.mark.parametrize("path", ["/scan", "/v1/scan"])
def test_empty_message(path: str) -> None:
    """An empty message is 400 here."""
    reply = Client().post(path, b"")
    assert (reply.status, reply.error) == (400, "the message is empty")


def test_json_at_scan() -> None:
    """JSON would be scanned as if it were the message, and found to be clean."""
    flow = stub_flow()
    reply = Client(flow).post_json("/scan", {"message": "x"})
    assert (reply.status, "/v1/scan takes JSON" in reply.error) == (415, True)
    assert not flow.seen


def test_verdict_object() -> None:
    """Verdict and decision are one object."""
    flow = stub_flow(decision=SPAM, results=RESULTS)
    answer = Client(flow).post("/v1/scan", b"x", "Content-Type: message/rfc822").json
    assert answer["id"] == "id-1"
    assert answer["direction"] == "inbound"
    assert (answer["action"], answer["reason"]) == ("reject", "spam")
    assert answer["score"] == 15.0
    assert answer["thresholds"] == {"add header": 6.0, "reject": 15.0}
    assert answer["sentence"].endswith("(id-1)")
    assert answer["symbols"] == [
        {
            "name": "STUB",
            "score": 15.0,
            "options": ["opt"],
            "description": "A stub fact",
        }
    ]
    assert answer["recipients"] == []
    assert ["X-Spam", "yes"] in answer["fields"]
    assert "subject" not in answer


def test_scanners_of_a_verdict() -> None:
    """Each scanner's state, time and symbols, in its own scale, are told."""
    scanners = (
        Client(stub_flow(results=RESULTS)).post("/v1/scan", b"x").json["scanners"]
    )
    assert scanners[0] == {
        "name": "spamassassin",
        "state": "done",
        "seconds": 0.1235,
        "error": "",
        "reason": "",
        "symbols": [
            {
                "name": "GTUBE",
                "score": 1000.0,
                "required": 5.0,
                "options": ["a"],
                "description": "b",
            }
        ],
    }
    assert [s["state"] for s in scanners] == ["done", "error", "skipped", "done"]
    assert scanners[1]["error"] == "connection refused"
    assert scanners[2]["reason"] == "never seen"


def test_json_envelope() -> None:
    """JSON carries message and envelope; each recipient has its own decision."""
    rewrite = decision_of(Action.REWRITE_SUBJECT)
    flow = stub_flow(CLEAN, by_recipient={"b@example.org": rewrite})
    answer = (
        Client(flow)
        .post_json(
            "/v1/scan",
            {
                "message": "x",
                "envelope": {
                    "rcpt": ["a@example.org", "b@example.org"],
                    "user": "alice",
                    "port": 4711,
                },
            },
        )
        .json
    )
    assert answer["direction"] == "outbound"
    assert answer["action"] == "rewrite subject"
    assert answer["subject"] == "*** SPAM *** stub"
    assert [one["action"] for one in answer["recipients"]] == [
        "no action",
        "rewrite subject",
    ]
    assert flow.seen[0].envelope.client_port == 4711


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        ({"message": "x", "abuse_report": {}}, 400, "abuse_report: there is no such"),
        ({"message": 1}, 400, "message: must be a string"),
        ({"message": ""}, 400, "the message is empty"),
    ],
)
def test_bad_json(value: Any, status: int, text: str) -> None:
    """A scan takes a message and an envelope, and nothing else."""
    reply = Client().post_json("/v1/scan", value)
    assert (reply.status, text in reply.error) == (status, True)


def test_form() -> None:
    """A form is no message."""
    reply = Client().post("/v1/scan", b"x", "Content-Type: multipart/form-data")
    assert reply.status == 415


def test_numbers_that_json_does_not_have() -> None:
    """An infinite score is null, and no broken JSON."""
    flow = stub_flow(evolve(SPAM, score=float("inf")))
    assert Client(flow).post("/v1/scan", b"x").json["score"] is None


def test_text_that_utf_8_does_not_have() -> None:
    """A scanner's raw octets, decoded as they came, leave as valid UTF-8."""
    raw = (ScannerResult("a", State.DONE, Findings(raw="\udcff \ud800 ü")),)
    reply = Client(stub_flow(results=raw)).post("/scan", b"x")
    assert reply.json[0]["raw"] == "\ufffd \ufffd ü"
    assert "ü".encode() in reply.body


def test_client_leaves() -> None:
    """A scan ends with its client."""
    clock = Clock()
    flow = stub_flow(clock=clock, delay=5.0)
    client = Client(flow)
    client.start_post("/v1/scan", b"x")
    client.leave()
    assert flow.pipeline.cancelled == 1
    assert client.transport.value() == b""
    assert not client.clock.getDelayedCalls()


def test_deadline() -> None:
    """A scan that never ends is 503, and stopped."""
    flow = stub_flow(clock=Clock(), delay=900.0)
    settings = HttpSettings(limits=HttpLimits(answer_timeout=100.0))
    client = Client(flow, settings)
    client.start_post("/scan", b"x")
    client.clock.advance(100.0)
    reply = client.reply()
    assert (reply.status, reply.error) == (503, "no answer in time")
    assert flow.pipeline.cancelled == 1


def test_overload() -> None:
    """Without room for a message, the client is asked to come back."""
    reply = Client(stub_flow(error=OverloadedError())).post("/scan", b"x")
    assert (reply.status, reply.fields["retry-after"]) == (503, "30")


def test_bug() -> None:
    """A bug of ours is 500 with an id, and its traceback is for the operator only."""
    client = Client(stub_flow(error=RuntimeError("/secret/path")))
    reply = client.post("/scan", b"x")
    assert (reply.status, reply.error) == (500, "internal error id-1")
    (event,) = [e for e in client.events if "log_failure" in e]
    assert event["id"] == "id-1"
    assert "/secret/path" in event["log_failure"].getErrorMessage()
