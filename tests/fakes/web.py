"""A web server whose answers are octets that a test writes, and that can fail."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from attrs import define, field

from tests.fakes.faults import Fault, FaultyProtocol, Serving, refusing, serving

_REASONS = {200: "OK", 301: "Moved", 302: "Found", 404: "Not Found", 429: "Slow down"}


@define
class Request:
    """@ivar headers: names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


Answer: TypeAlias = Callable[[Request], bytes]


def http(
    status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """An HTTP/1.1 answer."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Whatever')}"]
    fields = {
        "Content-Length": str(len(body)),
        "Connection": "close",
        **(headers or {}),
    }
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class WebPeer(FaultyProtocol):
    def __init__(self, web: "FakeWeb", fault: Fault | None) -> None:
        super().__init__(fault)
        self._web, self._received = web, b""

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        if b"\r\n\r\n" not in self._received:
            return
        octets, _, body = self._received.partition(b"\r\n\r\n")
        head = octets.decode("latin-1")
        first, *rest = head.split("\r\n")
        method, path, _version = first.split(" ")
        pairs = (line.partition(":") for line in rest)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        if len(body) < int(headers.get("content-length", "0")):
            return
        self._received = b""
        request = Request(method, path, headers, body)
        self._web.requests.append(request)
        self.answer(self._web.answer(request))


@define
class FakeWeb:
    """
    @ivar base: "http://127.0.0.1:port/".
    @ivar requests: all that came, in order.
    """

    answer: Answer
    base: str = ""
    requests: list[Request] = field(factory=list)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @property
    def port(self) -> int:
        return int(self.base.rsplit(":", 1)[1].rstrip("/"))

    def peer(self, fault: Fault | None = None) -> WebPeer:
        return WebPeer(self, fault)


@asynccontextmanager
async def serving_web(
    answer: Answer, fault: Fault | None = None
) -> AsyncIterator[FakeWeb]:
    """A web server for the time of a test; with REFUSE, only where one has been."""
    web = FakeWeb(answer)
    if fault is Fault.REFUSE:
        async with refusing() as address:
            web.base = f"http://{address}/"
        yield web
        return
    async with serving(lambda: web.peer(fault)) as (address, _):
        web.base = f"http://{address}/"
        yield web


def factory(web: FakeWeb) -> Serving:
    """For a test that listens by itself (TLS)."""
    return Serving(web.peer)
