"""Drives the SMTP server machine as a session would that likes everything."""

from collections.abc import Iterable

from sc.listeners.smtp.session import GO_AHEAD, RECIPIENT_OK, SENDER_OK
from sc.wire.smtp import Reply
from sc.wire.smtp_event import (
    DataAsked,
    DataReceived,
    Event,
    MailGiven,
    MessageEnded,
    RcptGiven,
    ServerLimits,
)
from sc.wire.smtp_mail import Dialect
from sc.wire.smtp_server import SmtpServer
from tests.fakes.smtp_door import TAKEN

_REPLIES: dict[type, Reply] = {
    MailGiven: SENDER_OK,
    RcptGiven: RECIPIENT_OK,
    DataAsked: GO_AHEAD,
    MessageEnded: TAKEN,
}


def machine(
    protocol: str = "smtp",
    limits: ServerLimits = ServerLimits(),  # noqa: B008 frozen
) -> SmtpServer:
    server = SmtpServer(Dialect(protocol), "mx.example.org", limits)
    server.open()
    return server


def pump(server: SmtpServer) -> list[Event]:
    """Every event that is ready, each answered; a message's octets as one."""
    events: list[Event] = []
    while (event := server.next_event()) is not None:
        if not isinstance(event, DataReceived):
            server.answer(_REPLIES[type(event)])
            events.append(event)
        elif events and isinstance(last := events[-1], DataReceived):
            events[-1] = DataReceived(last.octets + event.octets)
        else:
            events.append(event)
    return events


def feed(server: SmtpServer, chunks: Iterable[bytes]) -> tuple[list[Event], bytes]:
    """All events and all that was said, whatever the cuts."""
    events: list[Event] = []
    for chunk in chunks:
        server.receive_data(chunk)
        for event in pump(server):
            last = events[-1] if events else None
            if isinstance(event, DataReceived) and isinstance(last, DataReceived):
                events[-1] = DataReceived(last.octets + event.octets)
            else:
                events.append(event)
    return events, server.data_to_send()
