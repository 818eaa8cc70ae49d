"""rspamd, as far as /ping and /checkv2 go; it can fail in seven ways."""

import json
from typing import Any

from tests.fakes.faults import Fault, FaultyProtocol

GTUBE_CORE = b"GTUBE-STANDARD-ANTI-UBE" + b"-TEST-EMAIL"


def reply(content: bytes, status: bytes = b"200 OK") -> bytes:
    """As rspamd 3.4 writes it."""
    return (
        b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nServer: rspamd/3.4\r\n"
        b"Content-Length: %d\r\nContent-Type: application/json\r\n\r\n" % len(content)
    ) + content


def result(**changed: Any) -> bytes:
    """A whole reply to /checkv2: a harmless message, but for what is changed."""
    told = {
        "is_skipped": False,
        "score": -0.1,
        "required_score": 15.0,
        "action": "no action",
        "symbols": {
            "MIME_GOOD": {
                "name": "MIME_GOOD",
                "score": -0.1,
                "metric_score": -0.1,
                "description": "Known content-type",
                "options": ["text/plain"],
            }
        },
        "messages": {},
        "message-id": "1@example.org",
        "time_real": 0.01,
        "milter": {"remove_headers": {"X-Spam": 0}},
    }
    return reply(json.dumps(told | changed).encode())


def gtube() -> bytes:
    symbols = {"GTUBE": {"name": "GTUBE", "score": 15.0, "metric_score": 15.0}}
    return result(is_skipped=True, score=15.0, action="reject", symbols=symbols)


class FakeRspamd(FaultyProtocol):
    """
    Finds GTUBE.

    @ivar reply: said instead of its own answer to a message.
    @ivar pings: without a fault, so that only messages fail.
    @ivar request: what came.
    """

    def __init__(
        self,
        fault: Fault | None = None,
        *,
        reply: bytes | None = None,
        pings: bool = False,
    ) -> None:
        super().__init__(fault)
        self._reply, self._pings = reply, pings
        self.request = b""

    def dataReceived(self, data: bytes) -> None:
        self.request += data
        head, blank, body = self.request.partition(b"\r\n\r\n")
        if head.startswith(b"GET /ping HTTP/1.1\r\n") and blank:
            self.fault = None if self._pings else self.fault
            self.answer(reply(b"pong\r\n"))
        elif b"\r\nContent-Length: %d\r\n" % len(body) in head + b"\r\n":
            assert head.startswith(b"POST /checkv2 HTTP/1.1\r\n")
            self.answer(self._reply or (gtube() if GTUBE_CORE in body else result()))
