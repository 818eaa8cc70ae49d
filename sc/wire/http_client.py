"""HTTP/1.1, the client's side: one request and its whole reply (RFC 9112).

One connection for each request, closed behind it: the scanners that are asked by
HTTP close it anyway, and a reply without a length ends with the connection.
"""

from collections.abc import Iterator
from itertools import chain

import h11
from attrs import field, frozen

from sc.model.octets import Octets

CHUNK = 64 * 1024

MAX_PIECES = 1000
"""Chunks of a reply, and interim replies before it: a reply of single octets would be
read for many seconds."""


class ProtocolError(ValueError):
    """What arrived is no HTTP reply, or no whole one."""


@frozen
class Request:
    """
    @ivar fields: name and value; Host, Content-Length and Connection are ours. The
        caller checks what strangers wrote.
    """

    method: str
    target: str
    host: str
    fields: tuple[tuple[str, str], ...] = ()
    content: Octets = field(default=b"", repr=False)


@frozen
class Reply:
    status: int
    content: bytes = field(repr=False)


def request(asked: Request) -> Iterator[bytes]:
    """
    The request in slices.

    @raise ValueError: a field cannot stand in a header.
    """
    ours = (
        ("Host", asked.host),
        ("Connection", "close"),
        ("Content-Length", str(len(asked.content))),
    )
    fields = [(name.encode(), value.encode()) for name, value in (*ours, *asked.fields)]
    try:
        head = h11.Request(method=asked.method, target=asked.target, headers=fields)
    except h11.LocalProtocolError as e:
        raise ValueError("a field of the request cannot be sent") from e
    octets = h11.Connection(h11.CLIENT).send(head)
    assert octets is not None, "a request head is octets"
    return chain((octets,), _slices(asked.content))


def parse_reply(octets: bytes) -> Reply:
    """
    What came until the connection was closed.

    @raise ProtocolError: not one whole reply.
    """
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(octets)
    try:
        connection.receive_data(b"")
        return _reply(connection)
    except h11.RemoteProtocolError as e:
        raise ProtocolError("the reply is no whole reply of HTTP") from e


def _reply(connection: h11.Connection) -> Reply:
    status, content = 0, bytearray()
    for _ in range(MAX_PIECES):
        event = connection.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            content += event.data
        elif isinstance(event, h11.EndOfMessage):
            return Reply(status, bytes(content))
        elif not isinstance(event, h11.InformationalResponse):
            raise ProtocolError("the reply ends before it has begun")
    raise ProtocolError("the reply comes in too many pieces")


def _slices(content: Octets) -> Iterator[bytes]:
    return (content[i : i + CHUNK] for i in range(0, len(content), CHUNK))
