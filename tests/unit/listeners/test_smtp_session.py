"""What the LMTP and SMTP door does with a message: rights, routes, actions."""

import resource
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.task import Clock
from twisted.logger import Logger

from sc.abuse.bounces.bounces import UnsettledError
from sc.access import AccessSettings, NetworkRights, Right
from sc.flow import OverloadedError, SendingNotConfiguredError
from sc.listeners.smtp.report import NOT_CONFIGURED
from sc.listeners.smtp.settings import Do, OnReject, Position, Route, SmtpLimits
from sc.model.decision import Action, Decision, Mode
from sc.model.report import ReportRequest
from sc.net.relay import RelayError
from sc.store.interface import StoreError
from sc.wire.smtp import Reply
from tests.fakes.flow import CLEAN, SPAM, StubPolicy, decision_of, stub_flow
from tests.fakes.inline_threads import InlineThreads, inline_offload
from tests.fakes.metrics import values
from tests.fakes.smtp_client import MemoryClient
from tests.fakes.smtp_door import FakeNextHop, FakeTaking, Heard, door, octets, settings

BOB, CAROL = "bob@example.org", "carol@example.org"
QUARANTINE = "spam@quarantine.example"
RELAYED = ["250 2.0.0 taken"]
BEFORE = Position.BEFORE_QUEUE
REPORTS = (Route("report@*", Do.REPORT),)


def sentence(action: str) -> str:
    return f"message was judged as {action} (id-1)"


REFUSED = [f"550 5.7.1 {sentence('reject')}"]
DEFERRED = [f"451 4.7.1 {sentence('soft reject')}"]


@pytest.mark.parametrize(
    ("action", "options", "replies", "delivered"),
    [
        ("no action", {}, RELAYED, 1),
        ("greylist", {}, RELAYED, 1),
        ("add header", {}, RELAYED, 1),
        ("rewrite subject", {}, RELAYED, 1),
        ("reject", {}, RELAYED, 1),
        ("reject", {"on_reject": OnReject.REFUSE}, REFUSED, 0),
        ("soft reject", {}, DEFERRED, 0),
        ("quarantine", {}, RELAYED, 1),
    ],
)
@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
async def test_after_the_queue(
    protocol: str,
    action: str,
    options: dict[str, Any],
    replies: list[str],
    delivered: int,
) -> None:
    """Behind the MTA's queue a bad message is marked; refusing it is opt-in."""
    next_hop = FakeNextHop()
    flow = stub_flow(decision_of(Action(action)))
    it = door(
        settings(protocol, **options), flow, next_hop, quarantine_address=QUARANTINE
    )
    client = MemoryClient(it)
    assert client.send(BOB) == replies
    assert len(next_hop.delivered) == delivered
    for delivery in next_hop.delivered:
        assert f"X-Spam-Action: {action}\r\n".encode() in octets(delivery)
        assert octets(delivery).endswith(b"\r\n\r\nhello\r\n")
    client.leave()


@pytest.mark.parametrize(
    ("action", "options", "replies", "delivered"),
    [
        ("no action", {}, RELAYED, 1),
        ("greylist", {}, RELAYED, 1),
        ("add header", {}, RELAYED, 1),
        ("rewrite subject", {}, RELAYED, 1),
        ("reject", {}, REFUSED, 0),
        ("reject", {"on_reject": OnReject.MARK}, RELAYED, 1),
        ("soft reject", {}, DEFERRED, 0),
        ("quarantine", {}, RELAYED, 1),
    ],
)
async def test_before_the_queue(
    action: str, options: dict[str, Any], replies: list[str], delivered: int
) -> None:
    """In front of the queue a bad message is refused while its client waits."""
    next_hop = FakeNextHop()
    flow = stub_flow(decision_of(Action(action)))
    given = settings("smtp", position=BEFORE, **options)
    client = MemoryClient(door(given, flow, next_hop, quarantine_address=QUARANTINE))
    assert client.send(BOB) == replies
    assert len(next_hop.delivered) == delivered
    client.leave()


@pytest.mark.parametrize("action", ["add header", "quarantine"])
@pytest.mark.parametrize(("fields", "handed"), [(400, 0), (600, 1)])
async def test_many_fields(action: str, fields: int, handed: int) -> None:
    """A header section of many fields is not written anew on the event loop."""
    next_hop, threads = FakeNextHop(), InlineThreads()
    it = door(
        settings(),
        stub_flow(decision_of(Action(action))),
        next_hop,
        quarantine_address=QUARANTINE,
        offload=inline_offload(threads),
    )
    client = MemoryClient(it)
    assert client.send(BOB, message="A: b\n" * fields + "\nbody\n") == RELAYED
    [delivery] = next_hop.delivered
    assert octets(delivery).endswith(b"A: b\r\n\r\nbody\r\n")
    assert threads.handed == handed
    client.leave()


async def test_each_recipient_its_own_decision() -> None:
    """LMTP: the mail of one is refused, the others get it, each with its fields."""
    next_hop = FakeNextHop()
    flow = stub_flow(by_recipient={CAROL: SPAM})
    given = settings(on_reject=OnReject.REFUSE)
    client = MemoryClient(door(given, flow, next_hop))
    assert client.send(BOB, CAROL, BOB) == [
        "250 2.0.0 taken",
        f"550 5.7.1 {sentence('reject')}",
        "250 2.0.0 taken",
    ]
    (delivery,) = next_hop.delivered
    assert delivery.recipients == (BOB, BOB)
    client.leave()


async def test_one_delivery_for_each_decision() -> None:
    """Who shares a decision shares a delivery, with its fields."""
    next_hop = FakeNextHop()
    flow = stub_flow(by_recipient={CAROL: SPAM})
    client = MemoryClient(door(settings(), flow, next_hop))
    client.send(BOB, CAROL, "dave@example.org")
    first, second = next_hop.delivered
    assert first.recipients == (BOB, "dave@example.org")
    assert b"X-Spam: no\r\n" in octets(first)
    assert second.recipients == (CAROL,)
    assert b"X-Spam: yes\r\n" in octets(second)
    client.leave()


async def test_the_next_hops_words() -> None:
    """The next hop's own reply comes back, for each recipient."""
    replies = {
        BOB: Reply(250, ("2.0.0 queued as 4711",)),
        CAROL: Reply(550, ("5.1.1 no such user", "5.1.1 here")),
        "dave": Reply(421, ("4.3.2 closing",)),
    }
    client = MemoryClient(door(settings(), next_hop=FakeNextHop(replies)))
    assert client.send(BOB, CAROL, "dave") == [
        "250 2.0.0 queued as 4711",
        "550-5.1.1 no such user",
        "550 5.1.1 here",
        "451 4.3.2 closing",
    ]
    client.leave()


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((250, 250), "250"),
        ((250, 550), "550"),
        ((550, 451), "451"),
        ((250, 452), "452"),
    ],
)
async def test_one_reply_for_all(codes: tuple[int, int], code: str) -> None:
    """SMTP: what is not true for everybody is no 250, and a 4xx comes again."""
    replies = {
        r: Reply(c, ("words",)) for r, c in zip((BOB, CAROL), codes, strict=True)
    }
    client = MemoryClient(door(settings("smtp"), next_hop=FakeNextHop(replies)))
    assert client.send(BOB, CAROL) == [f"{code} words"]
    client.leave()


@pytest.mark.parametrize("action", list(Action))
async def test_observed(action: Action) -> None:
    """Where we only observe, everything goes on as it came, with one field more."""
    flow, next_hop = stub_flow(decision_of(action)), FakeNextHop()
    it = door(settings("smtp", position=BEFORE), flow, next_hop)
    flow.observing = frozenset({it.name})
    client = MemoryClient(it)
    assert client.send(BOB, message="X-Spam: theirs\n\nhello\n") == RELAYED
    assert b"X-SC-Id: id-1\r\nX-Spam: theirs\r\n\r\n" in octets(next_hop.delivered[0])
    client.leave()


async def test_smtp_takes_one_policy_at_a_time() -> None:
    """SMTP has one answer: a recipient with another policy is asked to come alone."""
    flow = stub_flow(by_recipient={CAROL: decision_of(Action.SOFT_REJECT)})
    client = MemoryClient(door(settings("smtp"), flow, FakeNextHop()))
    assert client.ask(BOB, CAROL, BOB)[:3] == [
        "250 2.1.5 recipient ok",
        "451 4.5.3 send this recipient in a transaction of its own",
        "250 2.1.5 recipient ok",
    ]
    client.leave()


async def test_who_only_observes_delays_nobody() -> None:
    """There all recipients have one answer, whatever their policies would say."""
    flow = stub_flow(by_recipient={CAROL: decision_of(Action.SOFT_REJECT)})
    it = door(settings("smtp", mode=Mode.OBSERVE), flow, FakeNextHop())
    flow.observing = frozenset({it.name})
    client = MemoryClient(it)
    assert client.ask(BOB, CAROL)[:2] == ["250 2.1.5 recipient ok"] * 2
    client.leave()


async def test_smtp_takes_the_most_severe_decision() -> None:
    """Policy that changed under way has two answers: the most severe one counts."""
    flow = stub_flow()
    client = MemoryClient(door(settings("smtp"), flow, FakeNextHop()))
    assert client.ask(BOB, CAROL)[1] == "250 2.1.5 recipient ok"
    flow.policy = StubPolicy({None: CLEAN, CAROL: decision_of(Action.SOFT_REJECT)})
    assert client.say("Subject: x", "", "hello", ".") == DEFERRED
    client.leave()


async def test_reported_mail_has_no_policy() -> None:
    """Only what is filtered needs one answer: reports are taken together."""
    flow = stub_flow(by_recipient={"report@2.example": SPAM})
    client = MemoryClient(door(settings("smtp", routes=REPORTS), flow))
    asked = client.ask("report@1.example", "report@2.example")[:2]
    assert asked == ["250 2.1.5 recipient ok"] * 2
    client.leave()


@pytest.mark.parametrize("decision", [CLEAN, SPAM], ids=["clean", "spam"])
async def test_no_next_hop(decision: Decision) -> None:
    """A fresh install says what it found, and keeps nothing that it could lose."""
    client = MemoryClient(door(settings(), stub_flow(decision)))
    shown = f"{decision.action.value} {decision.score:.2f}"
    assert client.send(BOB, CAROL) == [f"451 4.3.5 scanned, not delivered: {shown}"] * 2
    client.leave()


async def test_quarantine() -> None:
    """A quarantined message goes to the quarantine alone, with its envelope in it."""
    next_hop = FakeNextHop()
    flow = stub_flow(decision_of(Action.QUARANTINE))
    it = door(settings(), flow, next_hop, quarantine_address=QUARANTINE)
    client = MemoryClient(it)
    forged = "X-SC-Original-Recipient: forged@example.com\n\nhello\n"
    assert client.send(BOB, CAROL, message=forged) == RELAYED * 2
    (delivery,) = next_hop.delivered
    assert (delivery.sender, delivery.recipients) == ("", (QUARANTINE,))
    for line in (
        f"Recipient: {BOB}",
        f"Recipient: {CAROL}",
        "Sender: alice@example.com",
    ):
        assert f"X-SC-Original-{line}\r\n".encode() in octets(delivery)
    assert b"forged" not in octets(delivery)
    client.leave()


@pytest.mark.parametrize("position", list(Position))
async def test_redirected(position: Position) -> None:
    """Spam of our own user goes to the operator, before the queue or behind it."""
    next_hop = FakeNextHop()
    flow = stub_flow(evolve(SPAM, redirect_to="abuse@example.org"))
    it = door(settings("smtp", position=position), flow, next_hop)
    client = MemoryClient(it)
    assert client.send(BOB, CAROL) == RELAYED
    (delivery,) = next_hop.delivered
    assert (delivery.sender, delivery.recipients) == ("", ("abuse@example.org",))
    assert f"X-SC-Original-Recipient: {CAROL}\r\n".encode() in octets(delivery)
    assert b"X-Spam-Action: reject\r\n" in octets(delivery)
    client.leave()


async def test_quarantine_without_an_address() -> None:
    """Without a place to put it, the message stays where it is."""
    flow = stub_flow(decision_of(Action.QUARANTINE))
    client = MemoryClient(door(settings(), flow, FakeNextHop()))
    assert client.send(BOB) == ["451 4.3.5 no quarantine_address is configured"]
    client.leave()


async def test_next_hop_down() -> None:
    """A next hop that does not answer keeps the mail with the client."""
    next_hop = FakeNextHop(error=RelayError("cannot connect"))
    client = MemoryClient(door(settings(), next_hop=next_hop))
    assert client.send(BOB) == [
        "451 4.4.1 the next hop does not answer, try again later"
    ]
    client.leave()


async def test_next_hop_breaks_off() -> None:
    """What it said before it broke off counts, the rest comes again."""
    said = (Reply(250, ("2.0.0 ok",)), None)
    next_hop = FakeNextHop(error=RelayError("closed", uncertain=True, replies=said))
    client = MemoryClient(door(settings(), next_hop=next_hop))
    first, second = client.send(BOB, CAROL)
    assert (first[:3], second[:3]) == ("250", "451")
    client.leave()


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (OverloadedError("full"), "451 4.3.2 too much mail at once, try again later"),
        (RuntimeError("bug"), "451 4.3.0 internal error, try again later"),
    ],
)
async def test_scan_fails(error: Exception, reply: str) -> None:
    """Whatever breaks in here, the client comes again, and learns nothing of it."""
    heard = Heard()
    it = door(settings(), stub_flow(error=error), FakeNextHop())
    client = MemoryClient(evolve(it, log=Logger(observer=heard)))
    assert client.send(BOB, CAROL) == [reply] * 2
    assert len(heard.events) == isinstance(error, RuntimeError)
    client.leave()


async def test_report_route() -> None:
    """A message to the report address is taken, not relayed, and not scanned."""
    flow, next_hop = stub_flow(), FakeNextHop()
    client = MemoryClient(door(settings(routes=REPORTS), flow, next_hop))
    assert client.send("Report@example.org") == ["250 2.0.0 report taken id-1"]
    ((message, request),) = flow.reporting.accepted
    assert request == ReportRequest(send=True, caller="127.0.0.1")
    assert message.content == b"Subject: x\r\n\r\nhello\r\n"
    assert message.listener == "door"
    assert (list(flow.seen), next_hop.delivered) == ([], [])
    client.leave()


async def test_report_and_filter_in_one_transaction() -> None:
    """LMTP: each recipient is treated by its own route, and answered in order."""
    flow, next_hop = stub_flow(), FakeNextHop()
    client = MemoryClient(door(settings(routes=REPORTS), flow, next_hop))
    replies = client.send(BOB, "report@example.org", CAROL)
    assert [r.split()[2] for r in replies] == ["taken", "report", "taken"]
    assert flow.seen[0].envelope.recipients == (BOB, CAROL)
    client.leave()


async def test_feedback_route() -> None:
    """A complaint about a user of ours is taken when it has counted, not scanned."""
    complaints, flow = FakeTaking(), stub_flow()
    routes = (Route("fbl@*", Do.FEEDBACK),)
    client = MemoryClient(door(settings(routes=routes), flow, feedback=complaints))
    (said,) = client.send("fbl@example.org")
    assert said.startswith("250 2.0.0 taken id-1")
    assert len(complaints.taken) == 1
    assert flow.seen == []
    client.leave()


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (None, "250 2.0.0 taken id-1"),
        (UnsettledError("r1"), "451 4.3.0 its report is still being sent, try again"),
        (StoreError("disk full"), "451 4.3.0 the store cannot be used now"),
    ],
)
async def test_bounces_route(error: Exception | None, reply: str) -> None:
    """What comes back for a report is taken when it is written down, not scanned."""
    heard, taking = Heard(), FakeTaking(error)
    it = door(settings(routes=(Route("bounces+*", Do.BOUNCES),)), taking=taking)
    client = MemoryClient(evolve(it, log=Logger(observer=heard)))
    (said,) = client.send("Bounces+r1-mac@example.org")
    assert said.startswith(reply)
    (message,) = taking.taken
    assert message.envelope.recipients == ("Bounces+r1-mac@example.org",)
    assert len(heard.events) == isinstance(error, StoreError)
    client.leave()


async def test_two_treatments_over_smtp() -> None:
    """SMTP: a recipient with another route is asked to come alone."""
    client = MemoryClient(
        door(settings("smtp", routes=REPORTS), next_hop=FakeNextHop())
    )
    assert client.ask(BOB, "report@example.org", CAROL)[:3] == [
        "250 2.1.5 recipient ok",
        "451 4.5.3 send this recipient in a transaction of its own",
        "250 2.1.5 recipient ok",
    ]
    client.leave()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SendingNotConfiguredError(), NOT_CONFIGURED.lines[0]),
        (OverloadedError(), "4.3.2 too much mail at once, try again later"),
        (
            StoreError("disk full"),
            "4.3.0 the store cannot be used now, come back later",
        ),
        (OSError("no spool"), "4.3.0 internal error, try again later"),
    ],
)
async def test_report_fails(error: Exception, text: str) -> None:
    """A report that is not committed is not taken: the client comes again."""
    it = door(settings(routes=REPORTS), stub_flow(report_error=error))
    client = MemoryClient(evolve(it, log=Logger(observer=Heard())))
    assert client.send("report@example.org") == [f"451 {text}"]
    client.leave()


@pytest.mark.parametrize("error", [None, OSError("no spool"), StoreError("disk full")])
async def test_client_leaves_during_a_report(error: Exception | None) -> None:
    """A report that has begun is finished; its failure is told to the operator."""
    clock, heard = Clock(), Heard()
    flow = stub_flow(clock=clock, delay=1, report_error=error)
    it = door(settings(routes=REPORTS), flow)
    report = evolve(it.report, log=Logger(observer=heard))
    client = MemoryClient(evolve(it, report=report))
    client.send("report@example.org")
    client.leave()
    clock.advance(1)
    assert flow.reporting.cancelled == 0
    assert flow.reporting.finished == (error is None)
    assert len(heard.events) == (error is not None)


@pytest.mark.parametrize(
    ("peer", "rights", "replies"),
    [
        ("127.0.0.1", (), ["250", "250"]),
        ("192.0.2.1", (), ["550", "550"]),
        ("192.0.2.1", (Right.SCAN,), ["250", "550"]),
        ("192.0.2.1", (Right.REPORT,), ["550", "250"]),
    ],
)
async def test_rights(peer: str, rights: tuple[Right, ...], replies: list[str]) -> None:
    """A stranger can neither have mail scanned nor make us write to anybody."""
    network = NetworkRights(ip_network("192.0.2.0/24"), rights)
    it = door(settings(routes=REPORTS), access=AccessSettings(networks=(network,)))
    client = MemoryClient(it, peer)
    said = client.ask(BOB, "report@example.org")
    assert [line[:3] for line in said[:2]] == replies
    client.leave()
    refused = values(it.metrics, "sc_refused_total")
    assert refused.get(("door", "no_right"), 0) == replies.count("550")


@pytest.mark.parametrize(
    ("position", "peer", "ip", "helo"),
    [
        (BEFORE, "192.0.2.1", "192.0.2.1", "client"),
        (BEFORE, "::ffff:192.0.2.1", "192.0.2.1", "client"),
        (BEFORE, "127.0.0.1", None, None),
        (BEFORE, "::1", None, None),
        (Position.AFTER_QUEUE, "192.0.2.1", None, None),
    ],
)
async def test_the_mta_is_never_the_client(
    position: Position, peer: str, ip: str | None, helo: str | None
) -> None:
    """Only who connects to us before the queue, from elsewhere, is the client."""
    flow = stub_flow()
    net = NetworkRights(ip_network("192.0.2.0/24"), (Right.SCAN,))
    given = settings("smtp", position=position)
    it = door(given, flow, FakeNextHop(), access=AccessSettings(networks=(net,)))
    client = MemoryClient(it, peer)
    client.send(BOB)
    envelope = flow.seen[0].envelope
    assert envelope.client_ip == (ip and ip_address(ip))
    assert envelope.helo == helo
    assert (envelope.sender, envelope.recipients) == ("alice@example.com", (BOB,))
    client.leave()


@pytest.mark.parametrize(
    ("limits", "reply"),
    [
        (SmtpLimits(message_size=65536), "552 5.3.4 message too large"),
        (SmtpLimits(line_length=998), "554 5.6.0 line too long"),
    ],
)
async def test_message_over_a_limit(limits: SmtpLimits, reply: str) -> None:
    """A message over a limit is answered once for each recipient, at its end."""
    flow = stub_flow()
    client = MemoryClient(door(settings(limits=limits), flow, FakeNextHop()))
    assert client.send(BOB, CAROL, message="x" * 70_000 + "\nRSET\n") == [reply] * 2
    assert client.send(BOB) == RELAYED
    assert len(flow.seen) == 1
    client.leave()


async def test_large_message(tmp_path: Path) -> None:
    """Above 1 MiB a message lies in a file without a name, and arrives whole."""
    next_hop = FakeNextHop()
    it = door(settings(), next_hop=next_hop, spool_dir=str(tmp_path))
    client = MemoryClient(it)
    message = "Subject: x\n\n" + "0123456789abcdef\n" * 100_000
    assert client.send(BOB, message=message) == RELAYED
    assert octets(next_hop.delivered[0]).endswith(
        message.replace("\n", "\r\n").encode()
    )
    assert list(tmp_path.iterdir()) == []
    client.leave()


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond 1 MiB and a bit."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((1 << 20) + 100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_disk_full_at_the_end(tmp_path: Path, full_disk: None) -> None:
    """The last octets that do not fit make the whole message a 452."""
    it = door(settings(), next_hop=FakeNextHop(), spool_dir=str(tmp_path))
    client = MemoryClient(evolve(it, log=Logger(observer=Heard())))
    client.ask(BOB)
    client.protocol.dataReceived(b"x\r\n" * ((1 << 20) // 3 + 2))
    assert client.say("y" * 200, ".") == ["452 4.3.1 no room for this message now"]
    client.leave()


async def test_no_room(tmp_path: Path) -> None:
    """A disk that takes nothing more is a 452, and the next mail is tried again."""
    it = door(settings(), next_hop=FakeNextHop(), spool_dir=str(tmp_path / "gone"))
    client = MemoryClient(evolve(it, log=Logger(observer=Heard())))
    assert client.send(BOB, message="x\n" * 1000) == RELAYED
    client.ask(BOB)
    for _ in range(3):
        client.protocol.dataReceived(b"x\r\n" * (1 << 18))
    assert client.say(".") == ["452 4.3.1 no room for this message now"]
    client.leave()
