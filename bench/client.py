"""A load generator: closed loop, a thread a connection."""

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from attrs import frozen

from bench.place import Place

TIMEOUT = 60.0

Ask: TypeAlias = Callable[[bytes], bytes]
"""Sends a message and returns the whole answer."""


@frozen
class Figures:
    """@ivar rate: answers a second. @ivar p50: and p95: milliseconds."""

    messages: int
    rate: float
    p50: float
    p95: float


def message(size: int) -> bytes:
    """A plain message of about `size` octets, in the shape that a list sends."""
    header = (
        b"Received: from mx.example.org (mx.example.org [192.0.2.10])\r\n"
        b"\tby mail.example.net (Postfix) with ESMTPS id 4Xyz;"
        b" Fri, 20 Nov 2026 10:00:00 +0000\r\n"
        b"From: Alice Example <alice@example.org>\r\n"
        b"To: bob@example.net\r\n"
        b"Subject: Minutes of Thursday's meeting\r\n"
        b"Date: Fri, 20 Nov 2026 09:59:58 +0000\r\n"
        b"Message-ID: <20261120095958.1234@example.org>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    line = b"We agreed on the date, the place and on who brings the projector.\r\n"
    return header + line * (max(0, size - len(header)) // len(line))


@contextmanager
def _connected(place: Place) -> Iterator[socket.socket]:
    with socket.create_connection((place.host, place.port), TIMEOUT) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield s


@contextmanager
def check(place: Place) -> Iterator[Ask]:
    """CHECK by the spamd protocol, a connection a message."""

    def ask(body: bytes) -> bytes:
        request = b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(body)
        with _connected(place) as s:
            s.sendall(request + body)
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(65536), b""))

    yield ask


@contextmanager
def instream(place: Place) -> Iterator[Ask]:
    """clamd's zINSTREAM, a connection a message."""

    def ask(body: bytes) -> bytes:
        with _connected(place) as s:
            s.sendall(b"zINSTREAM\0" + _chunk(body))
            return b"".join(iter(lambda: s.recv(4096), b""))

    yield ask


@contextmanager
def idsession(place: Place) -> Iterator[Ask]:
    """clamd's zINSTREAM, all messages on one connection."""
    with _connected(place) as s:
        s.sendall(b"zIDSESSION\0")

        def ask(body: bytes) -> bytes:
            s.sendall(b"zINSTREAM\0" + _chunk(body))
            return _until(s, b"\0")

        yield ask


def _chunk(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body + bytes(4)


@contextmanager
def checkv2(place: Place) -> Iterator[Ask]:
    """rspamd's `POST /checkv2`, a connection a message: it keeps none."""

    def ask(body: bytes) -> bytes:
        head = b"POST /checkv2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body)
        with _connected(place) as s:
            s.sendall(head + body)
            return b"".join(iter(lambda: s.recv(65536), b""))

    yield ask


@contextmanager
def scan(place: Place, fields: str = "") -> Iterator[Ask]:
    """Our `POST /scan`, all messages on one connection, with these HTTP fields."""
    with _connected(place) as s:

        def ask(body: bytes) -> bytes:
            head = f"POST /scan HTTP/1.1\r\nHost: localhost\r\n{fields}"
            length = f"Content-Length: {len(body)}\r\n\r\n"
            s.sendall((head + length).encode() + body)
            answer = _until(s, b"\r\n\r\n")
            given, _, rest = answer.partition(b"\r\n\r\n")
            size = given.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
            while len(rest) < int(size):
                rest += s.recv(65536)
            return given + rest

        yield ask


def _until(s: socket.socket, end: bytes) -> bytes:
    answer = b""
    while end not in answer:
        data = s.recv(65536)
        if not data:
            raise RuntimeError(f"the connection ended behind {answer[:200]!r}")
        answer += data
    return answer


def measure(
    client: Callable[[], AbstractContextManager[Ask]],
    body: bytes,
    concurrency: int,
    seconds: float,
    expected: bytes,
    *,
    unique: bool = True,
) -> Figures:
    """
    Ask as fast as the answers come.

    @param client: makes what each of the concurrent clients asks with.
    @param unique: each message is another one.
    @raise RuntimeError: an answer does not hold what was expected.
    """
    times: list[float] = []
    failed: list[bytes] = []
    start = time.perf_counter()

    def work(worker: int) -> None:
        count = 0
        with client() as ask:
            while (begin := time.perf_counter()) < start + seconds and not failed:
                count += 1
                mark = b"X-Seq: %d.%d.%d\r\n" % (worker, count, time.monotonic_ns())
                answer = ask(mark + body if unique else body)
                times.append(time.perf_counter() - begin)
                if expected not in answer:
                    failed.append(answer)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(concurrency)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        raise RuntimeError(f"no result: {failed[0][:200]!r}")
    elapsed = time.perf_counter() - start
    ordered = sorted(1000 * t for t in times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return Figures(len(times), len(times) / elapsed, statistics.median(ordered), p95)
