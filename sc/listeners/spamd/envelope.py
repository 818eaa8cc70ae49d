"""The envelope that a request tells: in RSPAMC's headers, or above the message.

The peer's own address is the MTA's and never becomes the client's.
"""

import re
from ipaddress import ip_address

from attrs import evolve

from sc.content.fields import read_fields
from sc.content.received import Hop, read_received
from sc.model.envelope import Envelope, IPAddress
from sc.model.octets import Octets
from sc.wire.spamd import Dialect, Request
from sc.wire.spamd_preamble import Preamble

UNNAMED = "(unnamed)"
"""An authenticated sender whose name the MTA does not tell. No login looks like it."""

# rspamd_proxy adds the port; [::1]:25 or 192.0.2.1:25
_WITH_PORT = re.compile(r"\[?([0-9A-Fa-f:.]+?)\]?(?::(\d{1,5}))?", re.ASCII)


def envelope_of(request: Request, preamble: Preamble, content: Octets) -> Envelope:
    """
    RSPAMC's headers win over what stands above the message.

    @param content: the message without that; Exim's own Received is its first field.
    """
    if request.dialect is Dialect.RSPAMC:
        return _from_headers(request, preamble)
    envelope = Envelope(
        sender=preamble.sender,
        recipients=preamble.recipients,
        user=UNNAMED if preamble.relaying else None,
        preferences=request.header("user") or None,
        queue_id=preamble.queue_id,
    )
    hop = _exim_hop(content) if preamble.mta == "exim" else None
    if hop is None or hop.ip is None:
        return envelope
    return evolve(
        envelope,
        client_ip=hop.ip,
        client_name=hop.rdns,
        helo=hop.helo,
        user=UNNAMED if hop.authenticated else None,
    )


def _exim_hop(content: Octets) -> Hop | None:
    """
    What Exim wrote a moment ago about its client.

    Only Exim's: it asks while it receives. spamc may be called anywhere later, where
    the top Received is about a host of the site itself.
    """
    for top in read_fields(content, 1):
        if top.start == 0 and top.name.lower() == "received":
            return read_received(top.value)
    return None


def _from_headers(request: Request, preamble: Preamble) -> Envelope:
    sender = request.header("from")
    recipients = tuple(filter(None, map(_address, request.all("rcpt"))))
    ip, port = _client(request.header("ip"))
    return Envelope(
        sender=preamble.sender if sender is None else _address(sender),
        recipients=recipients or preamble.recipients,
        client_ip=ip,
        client_port=port,
        client_name=request.header("hostname") or None,
        helo=request.header("helo") or None,
        user=request.header("user") or None,
        queue_id=request.header("queue-id") or None,
    )


def _address(text: str) -> str:
    return text.removeprefix("<").removesuffix(">").strip()


def _client(text: str | None) -> tuple[IPAddress | None, int | None]:
    """As rspamd does, an address that is none (a UNIX path) is passed over."""
    if not text:
        return None, None
    # A zone names an interface, and may be anything.
    text = text.partition("%")[0]
    try:
        return ip_address(text), None
    except ValueError:
        pass
    match = _WITH_PORT.fullmatch(text)
    try:
        return (ip_address(match[1]), _port(match[2])) if match else (None, None)
    except ValueError:
        return None, None


def _port(text: str | None) -> int | None:
    return int(text) if text and int(text) < 65536 else None
