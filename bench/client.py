"""A SPAMC load generator: closed loop, a thread a connection, unique messages."""

import socket
import statistics
import threading
import time

from attrs import frozen

TIMEOUT = 60.0


@frozen
class Figures:
    """@ivar rate: answers a second. @ivar p50: and p95: milliseconds."""

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


def check(address: tuple[str, int], body: bytes) -> bytes:
    """One CHECK on its own connection; returns the whole answer."""
    request = b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(body)
    with socket.create_connection(address, TIMEOUT) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.sendall(request + body)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        while data := s.recv(65536):
            answer += data
    return answer


def measure(
    address: tuple[str, int],
    body: bytes,
    concurrency: int,
    seconds: float,
    expected: bytes = b"Spam: ",
) -> Figures:
    """
    Ask as fast as the answers come.

    @raise RuntimeError: an answer does not hold what was expected.
    """
    times: list[float] = []
    failed: list[bytes] = []
    start = time.perf_counter()

    def ask(worker: int) -> None:
        count = 0
        while (begin := time.perf_counter()) < start + seconds and not failed:
            count += 1
            unique = b"X-Seq: %d.%d.%d\r\n" % (worker, count, time.monotonic_ns())
            answer = check(address, unique + body)
            times.append(time.perf_counter() - begin)
            if b" 0 EX_OK\r\n" not in answer or expected not in answer:
                failed.append(answer)

    workers = [threading.Thread(target=ask, args=(i,)) for i in range(concurrency)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        raise RuntimeError(f"no result: {failed[0][:200]!r}")
    elapsed = time.perf_counter() - start
    ordered = sorted(1000 * t for t in times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return Figures(len(times) / elapsed, statistics.median(ordered), p95)
