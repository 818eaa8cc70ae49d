"""`POST /`: complaints in the answer, reports on their way, and what goes wrong."""

from ipaddress import ip_address, ip_network

import pytest
from attrs import evolve
from twisted.internet.task import Clock
from twisted.logger import LogLevel

from sc.flow import KeyReusedError, OverloadedError, SendingNotConfiguredError
from sc.listeners.http.report_shapes import report_object
from sc.listeners.http.settings import HttpLimits, HttpSettings
from sc.model.complaint import Complaint, Contact, SenderItem
from sc.model.octets import IN_MEMORY
from sc.model.report import Boundary, Form, ReportRequest, ReportState
from tests.fakes.flow import stub_flow
from tests.fakes.http_door import Client
from tests.fakes.reporting import COMPLAINTS, outcome, report

SPAM = "From: a@b.example\r\n\r\nbuy https://shop.spam.example/buy\r\n"


def test_complaints() -> None:
    """The original's keys are there, in its own words, and a few more."""
    reply = Client(stub_flow(report=outcome())).post_json("/", {"message": SPAM})
    assert reply.status == 200
    assert reply.fields["x-sc-id"] == "id-1"
    assert reply.json["warnings"] == []
    assert "abuse_report" not in reply.json
    (relay,) = reply.json["complaints"]["abuse@isp.example"]
    assert relay["type"] == "received"
    assert relay["ip"] == "192.0.2.7"
    assert relay["received-header"].startswith("from mail.spam.example")
    assert relay["whois-abuse-email"] == "abuse@isp.example"
    assert relay["date"] == "2026-05-04T12:30:00+00:00"
    assert relay["network"] == "192.0.2.0/24"


def test_link_item() -> None:
    """All links to a host are one item, which names the first of them as before."""
    reply = Client(stub_flow(report=outcome())).post_json("/", {"message": SPAM})
    (item,) = reply.json["complaints"]["abuse@web.example"]
    assert item["type"] == "link"
    assert item["host"] == "shop.spam.example"
    assert item["ips"] == ["192.0.2.80", "2001:db8::80"]
    assert item["link"] == "https://shop.spam.example/buy"
    assert item["count"] == 27
    assert [link["role"] for link in item["links"]] == ["navigates", "resource"]
    assert item["links"][0]["chain"] == ["https://go.example/?u=x"]


def test_sender_item() -> None:
    """The desk that the sender chose hears of the message itself."""
    desk = Contact("fbl@sender.example", source="cfbl", reason="its own choice")
    item = SenderItem("sender.example", "1:2", desk)
    found = outcome(complaints=(Complaint(desk.address, (item,), mailable=True),))
    (shape,) = report_object(found, ReportRequest(), ())["complaints"][desk.address]
    assert (shape["type"], shape["domain"]) == ("sender", "sender.example")
    assert (shape["feedback-id"], shape["contact-source"]) == ("1:2", "cfbl")


def test_forms() -> None:
    """A page for a person to fill in stands apart; without one nothing is said."""
    form = Form(ip_address("192.0.2.8"), ("b.example",), "https://isp.example/form")
    reply = Client(stub_flow(report=evolve(outcome(), forms=(form,)))).post_json(
        "/", {"message": SPAM}
    )
    assert reply.json["forms"] == [
        {"ip": "192.0.2.8", "hosts": ["b.example"], "form": form.url}
    ]
    without = Client(stub_flow(report=outcome())).post_json("/", {"message": SPAM})
    assert "forms" not in without.json


def test_one_desk_for_two_complaints() -> None:
    """Two complaints for one address do not hide each other."""
    twice = outcome(complaints=(*COMPLAINTS, *COMPLAINTS))
    reply = Client(stub_flow(report=twice)).post_json("/", {"message": SPAM})
    assert len(reply.json["complaints"]["abuse@isp.example"]) == 2


def test_json_request() -> None:
    """Message, envelope, boundary and `send` reach the report as they were given."""
    flow = stub_flow(report=outcome())
    Client(flow).post_json(
        "/",
        {
            "message": SPAM,
            "envelope": {
                "ip": "192.0.2.7",
                "helo": "x.example",
                "from": "<a@b.example>",
                "rcpt": ["u@example.org"],
                "user": None,
            },
            "trusted_boundary": {
                "name": "MX.example.org.",
                "domain": [".example.org", "example.net"],
                "cidrs": "198.51.100.7/24",
            },
            "xarf": None,
            "abuse_report": {"send": True},
        },
    )
    ((message, request),) = flow.reporting.reported
    assert message.content == SPAM.encode()
    assert message.id == "id-1"
    assert message.listener == "http"
    assert message.envelope.sender == "a@b.example"
    assert message.envelope.recipients == ("u@example.org",)
    assert message.envelope.client_ip == ip_address("192.0.2.7")
    assert request.send
    assert request.caller == "127.0.0.1"
    assert request.boundary == Boundary(
        ("mx.example.org",),
        ("example.org", "example.net"),
        (ip_network("198.51.100.0/24"),),
    )


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "Text/Plain; charset=x", "application/octet-stream"]
)
def test_raw_request(kind: str) -> None:
    """A message is also taken as it is, with its envelope in header fields."""
    flow = stub_flow(report=outcome())
    reply = Client(flow).post(
        "/",
        b"\xff\r\n.\r\n",
        f"Content-Type: {kind}",
        "X-Env-From: <>",
        "X-Env-Rcpt: u@example.org",
        "X-Env-Rcpt: v@example.org",
        "X-SC-Abuse-Report: send",
    )
    assert reply.json["abuse_report"]["sent"] is True
    ((message, request),) = flow.reporting.reported
    assert message.content == b"\xff\r\n.\r\n"
    assert message.envelope.sender == ""
    assert message.envelope.recipients == ("u@example.org", "v@example.org")
    assert request.send
    assert request.boundary is None


def test_dry_run() -> None:
    """A request can ask for a dry run, in both shapes; the answer says that it was."""
    flow = stub_flow(report=evolve(outcome(), dry_run=True))
    asked = {"message": SPAM, "abuse_report": {"dry_run": True}}
    reply = Client(flow).post_json("/", asked)
    assert reply.json["abuse_report"]["dry_run"] is True
    fields = ("Content-Type: message/rfc822", "X-SC-Abuse-Report: dry-run")
    Client(flow).post("/", SPAM.encode(), *fields)
    for _message, request in flow.reporting.reported:
        assert request.send
        assert request.dry_run
    assert len(flow.reporting.reported) == 2


def test_raw_request_does_not_send_by_itself() -> None:
    """Nothing is sent unless somebody says so."""
    flow = stub_flow(report=outcome())
    reply = Client(flow).post("/", b"x", "Content-Type: message/rfc822")
    assert "abuse_report" not in reply.json
    assert not flow.reporting.reported[0][1].send


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        (ReportState.SENT, True),
        (ReportState.SUPPRESSED, True),
        (ReportState.CANCELLED, True),
        (ReportState.QUEUED, False),
        (ReportState.SENDING, False),
        (ReportState.DEFERRED, False),
        (ReportState.UNCERTAIN, False),
        (ReportState.FAILED, False),
    ],
)
def test_sent(state: ReportState, sent: bool) -> None:
    """`sent` is false only if a report failed or still waits."""
    found = outcome(report(ReportState.SENT), report(state, "why"))
    reply = Client(stub_flow(report=found)).post_json(
        "/", {"message": SPAM, "abuse_report": {"send": True}}
    )
    assert reply.status == 200
    told = reply.json["abuse_report"]
    assert told["sent"] is sent
    assert told["duplicate"] is False
    assert told["reports"][1] == {
        "id": f"r-{state.value}",
        "contact": "abuse@isp.example",
        "state": state.value,
        "reason": "why",
    }


def test_duplicate() -> None:
    """A message that was reported before is told to be one."""
    found = outcome(report(ReportState.SENT, duplicate=True))
    reply = Client(stub_flow(report=found)).post_json(
        "/", {"message": SPAM, "abuse_report": {"send": True}}
    )
    assert reply.json["abuse_report"]["duplicate"] is True
    assert reply.json["abuse_report"]["sent"] is True


def test_nothing_to_send() -> None:
    """Nothing to send is a success, with a warning that says why."""
    found = outcome(warnings=("not reported: a bounce",), complaints=())
    reply = Client(stub_flow(report=found)).post_json(
        "/", {"message": SPAM, "abuse_report": {"send": True}}
    )
    assert reply.json["abuse_report"] == {
        "sent": True,
        "duplicate": False,
        "reports": [],
    }
    assert reply.json["warnings"] == ["not reported: a bounce"]


def test_incomplete() -> None:
    """An answer before all contacts were found is not yet sent."""
    found = outcome(complete=False, warnings=("192.0.2.7 did not come within 20 s",))
    reply = Client(stub_flow(report=found)).post_json(
        "/", {"message": SPAM, "abuse_report": {"send": True}}
    )
    assert reply.json["abuse_report"]["sent"] is False
    assert reply.json["warnings"] == ["192.0.2.7 did not come within 20 s"]


def test_unknown_fields() -> None:
    """A misspelt option is told, and the rest of the work done."""
    reply = Client(stub_flow(report=outcome())).post_json(
        "/", {"message": SPAM, "abuse_reprot": 1, "abuse_report": {"to": "x"}}
    )
    assert reply.json["warnings"][:2] == [
        "abuse_reprot: there is no such field",
        "abuse_report.to: there is no such field",
    ]


BAD = [
    (b"", 400, "not JSON"),
    (b'{"message": "x"', 400, "not JSON"),
    (b'{"message": "x", "message": "y"}', 400, "'message' is given twice"),
    (b'{"message": NaN}', 400, "NaN is not JSON"),
    (b'{"message": %s}' % (b"[" * 5000), 400, "nested too deeply"),
    (b'{"message": "x", "a": %s}' % (b"9" * 5000), 400, "a number is too long"),
    (b'{"message": "x", "a": [%s]}' % (b"0," * 70000), 400, "too many elements"),
    (b'["x"]', 400, "must be a JSON object"),
    ({}, 400, "message: must be a string"),
    ({"message": ["x"]}, 400, "message: must be a string"),
    ({"message": ""}, 422, "the message is empty"),
    ({"message": "x", "abuse_report": True}, 400, "abuse_report: must be an object"),
    ({"message": "x", "abuse_report": {"send": "true"}}, 400, "abuse_report.send: "),
    ({"message": "x", "envelope": []}, 400, "envelope: must be an object"),
    ({"message": "x", "envelope": {"ip": "1.2.3"}}, 400, "envelope.ip: not an IP"),
    ({"message": "x", "envelope": {"to": "a@b"}}, 400, "envelope.to: there is no"),
    ({"message": "x", "trusted_boundary": "mx"}, 400, "trusted_boundary: must be"),
    (
        {"message": "x", "trusted_boundary": {"cidr": "192.0.2.0/24"}},
        400,
        "trusted_boundary.cidr: there is no such field",
    ),
    (
        {"message": "x", "trusted_boundary": {"cidrs": ["192.0.2.0/99"]}},
        400,
        "trusted_boundary.cidrs: not a network",
    ),
    (
        {"message": "x", "trusted_boundary": {"name": ["mx", 5]}},
        400,
        "trusted_boundary.name: must be a string or a list of strings",
    ),
    (
        {"message": "x", "trusted_boundary": {"domain": "a b\r\n"}},
        400,
        "trusted_boundary.domain: not a domain",
    ),
    (
        {"message": "x", "trusted_boundary": {"name": ["mx"] * 101}},
        400,
        "trusted_boundary.name: more than 100 entries",
    ),
]


@pytest.mark.parametrize(("body", "status", "text"), BAD)
def test_bad_json(body: object, status: int, text: str) -> None:
    """Each wrong request gets one sentence that names what is wrong."""
    flow = stub_flow()
    reply = Client(flow).post_json("/", body)
    assert (reply.status, text in reply.error) == (status, True)
    assert reply.fields["x-sc-id"] == "id-1"
    assert not flow.reporting.reported


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ((), 415, "Content-Type: send application/json"),
        (("Content-Type: multipart/form-data; boundary=x",), 415, "Content-Type: "),
        (("Content-Type: application/x-www-form-urlencoded",), 415, "Content-Type: "),
        (
            ("Content-Type: text/plain", "Content-Encoding: gzip"),
            415,
            "Content-Encoding: ",
        ),
        (
            ("Content-Type: text/plain", "X-SC-Abuse-Report: yes"),
            400,
            "X-SC-Abuse-Report: can be `send` or `dry-run` only",
        ),
        (("Content-Type: text/plain", "X-Env-IP: x"), 400, "X-Env-IP: not an IP"),
    ],
)
def test_bad_raw(fields: tuple[str, ...], status: int, text: str) -> None:
    """A raw body that is not announced as a message, or wrongly, is not taken."""
    flow = stub_flow()
    reply = Client(flow).post("/", b"x", *fields)
    assert (reply.status, text in reply.error) == (status, True)
    assert not flow.reporting.reported


def test_empty_raw_body() -> None:
    """An empty message is 422 here."""
    reply = Client().post("/", b"", "Content-Type: message/rfc822")
    assert (reply.status, reply.error) == (422, "the message is empty")


def test_octets_survive_json() -> None:
    """Octets that are no UTF-8, raw in JSON as rspamd's Lua posts them, stay."""
    flow = stub_flow()
    body = b'{"message": "Subject: \xe9\xff\\r\\n\\r\\n\xf0\x9f\x98\x80\\ud83d\\ude00"}'
    assert Client(flow).post_json("/", body).status == 200
    smile = b"\xf0\x9f\x98\x80"
    content = flow.reporting.reported[0][0].content
    assert content == b"Subject: \xe9\xff\r\n\r\n" + smile + smile


def test_large_json_message() -> None:
    """A message above 1 MiB waits in a file, not in memory."""
    flow = stub_flow()
    Client(flow).post_json("/", {"message": "x" * (IN_MEMORY + 1)})
    content = flow.reporting.reported[0][0].content
    assert not isinstance(content, bytes)
    assert content[:] == b"x" * (IN_MEMORY + 1)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SendingNotConfiguredError(), "abuse_report is not configured"),
        (OverloadedError(), "too many messages at once"),
    ],
)
def test_later(error: Exception, text: str) -> None:
    """What we cannot do now is 503: a 4xx would make callers give up for ever."""
    reply = Client(stub_flow(report_error=error)).post_json(
        "/", {"message": "x", "abuse_report": {"send": True}}
    )
    assert (reply.status, text in reply.error) == (503, True)
    assert reply.fields["retry-after"] == "30"


def test_key_reused() -> None:
    """A key that stands for another request: 422, which no repetition mends."""
    error = KeyReusedError("this Idempotency-Key was sent with another request")
    reply = Client(stub_flow(report_error=error)).post_json(
        "/", {"message": "x", "abuse_report": {"send": True}}, "Idempotency-Key: k"
    )
    assert (reply.status, reply.error) == (422, str(error))
    assert "retry-after" not in reply.fields


def test_client_leaves() -> None:
    """A report that has begun goes on when its client leaves."""
    clock = Clock()
    flow = stub_flow(clock=clock, delay=5.0)
    client = Client(flow)
    client.start_post("/", b'{"message": "x"}', "Content-Type: application/json")
    client.leave()
    assert flow.reporting.cancelled == 0
    clock.advance(5.0)
    assert flow.reporting.finished == 1
    assert client.transport.value() == b""


@pytest.mark.parametrize(
    ("error", "level"),
    [(OverloadedError(), LogLevel.warn), (RuntimeError("bug"), LogLevel.critical)],
)
def test_failure_without_client(error: Exception, level: object) -> None:
    """When nobody waits for the answer any more, the operator hears what failed."""
    clock = Clock()
    client = Client(stub_flow(clock=clock, delay=5.0, report_error=error))
    client.start_post("/", b'{"message": "x"}', "Content-Type: application/json")
    client.leave()
    clock.advance(5.0)
    (told,) = client.events
    assert (told["log_level"], told["id"]) == (level, "id-1")


def test_deadline() -> None:
    """A report that takes too long is 503 for its client, and goes on."""
    flow_clock = Clock()
    flow = stub_flow(clock=flow_clock, delay=900.0)
    limits = HttpLimits(answer_timeout=100.0)
    client = Client(flow, HttpSettings(limits=limits))
    client.start_post("/", b'{"message": "x"}', "Content-Type: application/json")
    client.clock.advance(100.0)
    reply = client.reply()
    assert (reply.status, reply.error) == (503, "no answer in time")
    flow_clock.advance(900.0)
    assert flow.reporting.finished == 1


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ('"8e03978e-40d5"', "8e03978e-40d5"),
        ("abc=/+", "abc=/+"),
        ("x" * 255, "x" * 255),
    ],
)
def test_idempotency_key(field: str, key: str) -> None:
    """A key reaches the report, with or without the quotes of a structured string."""
    flow = stub_flow(report=outcome())
    fields = ("Content-Type: message/rfc822", f"Idempotency-Key: {field}")
    Client(flow).post("/", SPAM.encode(), *fields)
    ((_message, request),) = flow.reporting.reported
    assert request.key == key


@pytest.mark.parametrize("field", ["", '""', 'a"b', "a b", "x" * 256, "\u00e4"])
def test_bad_idempotency_key(field: str) -> None:
    """What is no key is refused, not ignored: its caller counts on it."""
    reply = Client(stub_flow(report=outcome())).post_json(
        "/", {"message": SPAM}, f"Idempotency-Key: {field}"
    )
    assert reply.status == 400
    assert "Idempotency-Key: give it once" in reply.json["error"]
