"""An HTTP door in memory, and a client that says exactly what a test writes.

client = Client(stub_flow(decision=SPAM))
reply = client.post("/scan", b"...")
assert reply.status == 200
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any, cast

from attrs import define, evolve, field, frozen
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, Logger
from twisted.python.failure import Failure

from sc.abuse.bounces.answers import DeskAnswer
from sc.abuse.bounces.desks import Desk, NoSuchDeskError
from sc.abuse.contacts.who import Answer, NoSuchHostError
from sc.access import Access, AccessSettings, Right, Token
from sc.explain import Story, UnknownNameError
from sc.flow import Flow
from sc.history.table import Line
from sc.listeners.http.door import Door, Questions
from sc.listeners.http.protocol import HttpChannel
from sc.listeners.http.service import http_site
from sc.listeners.http.settings import HttpSettings
from sc.listeners.http.site import HttpSite
from sc.model.complaint import Contact
from sc.model.incident import Incident
from sc.model.report import ReportState, ReportStatus
from sc.model.status import Health, ScannerStatus, ServerStatus
from sc.offload import Offload
from sc.outbox.entry import Entry
from sc.outbox.gate import Answered
from sc.outbox.states import TransitionError
from sc.outbox.stop import Stop
from sc.outbox.table import NoSuchReportError
from sc.scan.incident_table import NoSuchIncidentError
from sc.scan.list_entry import Entry as ListEntry
from sc.scan.list_entry import read_entry
from tests.fakes.flow import stub_flow
from tests.fakes.inline_threads import InlineThreads

LOCAL = IPv4Address("TCP", "127.0.0.1", 40000)
HERE = IPv4Address("TCP", "127.0.0.1", 5000)
STRANGER = IPv4Address("TCP", "203.0.113.9", 40000)

ADMIN_TOKEN, SCAN_TOKEN = "admin-token", "scan-token"
ACCESS = AccessSettings(
    tokens=(
        Token(
            "operator",
            hashlib.sha256(ADMIN_TOKEN.encode()).hexdigest(),
            (Right.ADMIN,),
        ),
        Token(
            "gateway",
            hashlib.sha256(SCAN_TOKEN.encode()).hexdigest(),
            (Right.SCAN,),
        ),
    )
)

SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATUSES = (
    ScannerStatus("patterns", "builtin", Health.UP, SINCE, seconds=0.001),
    ScannerStatus(
        "clamav",
        "socket",
        Health.FAILING,
        SINCE,
        error="connection refused",
        servers=(
            ServerStatus("socket", Health.ABSENT, SINCE, "its socket does not exist"),
        ),
    ),
    ScannerStatus("rspamd", "network", Health.ABSENT, SINCE),
)


def entry(report_id: str, state: ReportState = ReportState.DEFERRED) -> Entry:
    return Entry(
        id=report_id,
        message_id="id-9",
        contact="abuse@isp.example",
        mail_from="reports@example.org",
        rcpt_to="abuse@isp.example",
        mail_message_id="<r-1@example.org>",
        evidence="192.0.2.7",
        state=state,
        reason="451 later",
        attempts=2,
        created=1000.0,
        queued=1000.0,
        changed=1060.5,
        next_attempt=1360.5,
    )


async def who(what: str) -> tuple[Answer, ...]:
    """Knows one address, and one that wants a form."""
    if what == "nowhere.example":
        raise NoSuchHostError("nowhere.example has no address")
    network = ip_network("192.0.2.0/24")
    others = ("noc@isp.example",)
    desk = Contact("abuse@isp.example", "rdap", "its abuse role", network, others)
    return (
        Answer(ip_address("192.0.2.7"), desk),
        Answer(
            ip_address("192.0.2.8"),
            problem="192.0.2.8: reports are taken at https://isp.example/form",
            form="https://isp.example/form",
        ),
    )


async def explain(name: str) -> Story:
    """Knows the message `id-9`, with its report `r-1`."""
    if name != "id-9":
        raise UnknownNameError("nothing is known about that id, or no longer")
    lines = (Line("id-9", 1000.5, "scanned id=id-9"),)
    return Story("id-9", lines, (entry("r-1"),), frozenset({"r-1"}), 1001.0)


async def mail(report_id: str) -> bytes | None:
    return b"Subject: r-1\r\n\r\n\xff\r\n" if report_id == "r-1" else None


def listed(what: str) -> tuple[tuple[str, ListEntry], ...]:
    """Denies a user, and lets a sender in."""
    lines = ("user joe # stolen", "sender a@x.example from 192.0.2.7 until 1970-01-01")
    entries = [read_entry(line, "lists.deny") for line in lines]
    return tuple(("deny", e) for e in entries if e.value == what)


QUESTIONS = Questions(who, explain, mail, listed)

DEAD_DESK = Desk(
    "abuse@isp.example",
    sent=3,
    bounced=1,
    answered=2,
    recurrences=4,
    dead_until=2000.0,
    reason="550 5.1.1 unknown",
    form="https://isp.example/abuse",
    changed=1000.0,
)


@define
class FakeOutbox:
    """
    Has one report, `r-1`.

    @ivar asked: every call with its arguments.
    """

    sent: bool = False
    error: Exception | None = None
    asked: list[tuple[object, ...]] = field(factory=list)

    async def list(
        self, state: ReportState | None = None, limit: int = 100
    ) -> tuple[Entry, ...]:
        self.asked.append(("list", state, limit))
        return (entry("r-1"),)

    async def get(self, report_id: str) -> Entry:
        self._find("get", report_id)
        return entry(report_id)

    async def retry(self, report_id: str) -> ReportStatus:
        self._find("retry", report_id)
        if self.sent:
            raise TransitionError("a report that is sent cannot become queued")
        return entry(report_id, ReportState.QUEUED).status()

    async def cancel(self, report_id: str) -> ReportStatus:
        self._find("cancel", report_id)
        return entry(report_id, ReportState.CANCELLED).status()

    def _find(self, verb: str, report_id: str) -> None:
        self.asked.append((verb, report_id))
        if self.error is not None:
            raise self.error
        if report_id != "r-1":
            raise NoSuchReportError(f"no report {report_id}")


@define
class FakeGate:
    """
    Holds one report, `r-1`, for abuse@isp.example.

    @ivar stop_now: what it says.
    """

    stop_now: Stop = Stop()
    asked: list[tuple[str, ...]] = field(factory=list)

    async def stopped(self) -> Stop:
        return self.stop_now

    async def stop(self) -> Stop:
        self.asked.append(("stop",))
        self.stop_now = Stop("stopped by the operator", 1000.0)
        return self.stop_now

    async def start(self) -> Stop:
        self.asked.append(("start",))
        self.stop_now = Stop()
        return self.stop_now

    async def approve(self, which: str) -> Answered:
        return self._answer("approve", which, ReportState.QUEUED)

    async def reject(self, which: str) -> Answered:
        return self._answer("reject", which, ReportState.CANCELLED)

    def _answer(self, verb: str, which: str, state: ReportState) -> Answered:
        self.asked.append((verb, which))
        if which not in ("r-1", "abuse@isp.example"):
            raise NoSuchReportError(f"no report {which}")
        return Answered("abuse@isp.example", (entry("r-1", state).status(),))


@define
class FakeDesks:
    """
    Knows one desk, and one answer of it to `r-1`.

    @ivar asked: every call with its arguments.
    """

    asked: list[tuple[object, ...]] = field(factory=list)

    async def of(self, report_id: str) -> tuple[DeskAnswer, ...]:
        self.asked.append(("of", report_id))
        return (
            DeskAnswer(
                message_id="id-10",
                received=1100.0,
                kind="automatic",
                sender="abuse@isp.example",
                subject="Re: spam",
                ticket="#7",
                words="Thank you.",
            ),
        )

    async def list(self, limit: int) -> tuple[Desk, ...]:
        self.asked.append(("list", limit))
        return (DEAD_DESK,)

    async def revive(self, address: str) -> Desk:
        self.asked.append(("revive", address))
        if address != DEAD_DESK.address:
            raise NoSuchDeskError(f"no report was sent to {address}")
        return evolve(DEAD_DESK, dead_until=0.0)


INCIDENT = Incident(
    id="i-1",
    account="alice@example.org",
    opened=1000.0,
    first=900.0,
    last=1100.0,
    closed=None,
    closed_by="",
    spam=20,
    complaints=1,
    addresses=("192.0.2.7", "198.51.100.9"),
    samples=("id-9",),
)


@define
class FakeIncidents:
    """
    Has one, `i-1`.

    @ivar asked: every call with its arguments.
    """

    asked: list[tuple[object, ...]] = field(factory=list)

    async def list(self, limit: int, *, only_open: bool = False) -> Sequence[Incident]:
        self.asked.append(("list", limit, only_open))
        return (INCIDENT,)

    async def get(self, incident_id: str) -> Incident:
        self.asked.append(("get", incident_id))
        if incident_id != INCIDENT.id:
            raise NoSuchIncidentError(f"no incident {incident_id}")
        return INCIDENT

    async def close(self, incident_id: str, by: str) -> Incident:
        self.asked.append(("close", incident_id, by))
        return evolve(await self.get(incident_id), closed=1200.0, closed_by=by)


@frozen
class Reply:
    """@ivar fields: by lower-case name; the last one counts."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The sentence; fails if there is anything beside it."""
        assert list(self.json) == ["error"]
        return str(self.json["error"])


def parse_replies(octets: bytes, *, head: bool = False) -> list[Reply]:
    """`head`: answers to HEAD have a length, and no body."""
    replies = []
    while octets:
        lines, _, rest = octets.partition(b"\r\n\r\n")
        first, *fields = lines.decode("ascii").split("\r\n")
        table = {name.lower(): value for name, value in (f.split(": ") for f in fields)}
        length = 0 if head else int(table.get("content-length", "0"))
        assert len(rest) >= length
        replies.append(Reply(int(first.split()[1]), table, rest[:length]))
        octets = rest[length:]
    return replies


class Client:
    """
    One connection to a door of its own, or of another client's.

    @ivar events: what the door logged.
    """

    def __init__(
        self,
        flow: Flow | None = None,
        settings: HttpSettings | None = None,
        *,
        peer: IAddress = LOCAL,
        host: IAddress = HERE,
        readiness: Callable[[], tuple[str, ...]] = lambda: (),
        outbox: FakeOutbox | None = None,
        gate: FakeGate | None = None,
        beside: "Client | None" = None,
    ) -> None:
        self.clock: Clock = Clock() if beside is None else beside.clock
        self.outbox = outbox or FakeOutbox()
        self.desks = FakeDesks()
        self.incidents = FakeIncidents()
        self.events: list[LogEvent] = []
        self.door = Door(
            flow or stub_flow(clock=self.clock),
            Access(ACCESS),
            settings or HttpSettings(),
            self.clock,
            self.outbox,
            gate or FakeGate(),
            Offload(cast(Any, InlineThreads()), cast(Any, InlineThreads())),
            lambda: STATUSES,
            readiness,
            self.metrics,
            QUESTIONS,
            self.desks,
            self.desks,
            self.incidents,
            log=Logger(
                "sc.listeners.http", observer=cast(ILogObserver, self.events.append)
            ),
        )
        self.site: HttpSite = http_site(self.door) if beside is None else beside.site
        self.transport = StringTransport(hostAddress=host, peerAddress=peer)
        channel = self.site.buildProtocol(None)
        assert isinstance(channel, HttpChannel)
        self.channel = channel
        channel.makeConnection(self.transport)

    async def metrics(self) -> bytes:
        return self.door.flow.metrics.text()

    # -- what it says

    def send(self, *octets: bytes) -> None:
        for part in octets:
            self.channel.dataReceived(part)

    def leave(self) -> None:
        self.channel.connectionLost(Failure(ConnectionLost()))

    def get(self, path: str, *fields: str, method: str = "GET") -> Reply:
        self.send(_head(method, path, fields, None))
        return self.reply(head=method == "HEAD")

    def start_post(self, path: str, body: bytes, *fields: str) -> None:
        self.send(_head("POST", path, fields, len(body)), body)

    def post(self, path: str, body: bytes, *fields: str) -> Reply:
        self.start_post(path, body, *fields)
        return self.reply()

    def post_json(self, path: str, value: object, *fields: str) -> Reply:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.post(path, body, "Content-Type: application/json", *fields)

    # -- what it hears

    def replies(self) -> list[Reply]:
        replies = parse_replies(self.transport.value())
        self.transport.clear()
        return replies

    def reply(self, *, head: bool = False) -> Reply:
        """The only one."""
        (reply,) = parse_replies(self.transport.value(), head=head)
        self.transport.clear()
        return reply


def _head(method: str, path: str, fields: Sequence[str], length: int | None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *fields]
    if not any(field.lower().startswith("host:") for field in fields):
        lines.append("Host: localhost:5000")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()
