"""A daemon that answers `scctl` with what a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Answers(HTTPServer):
    """
    Answers each request with what `answer` holds, and keeps what was asked.

    @ivar body: of the last request.
    """

    answer: tuple[int, Any] = (200, {})
    asked: tuple[str, str, str | None] = ("", "", None)
    body: bytes = b""


class _Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        self.server.asked = self.command, self.path, self.headers["Authorization"]
        length = int(self.headers["Content-Length"] or 0)
        self.server.body = self.rfile.read(length)
        status, body = self.server.answer
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(octets)

    do_POST = do_GET

    def log_message(self, *_args: object) -> None:
        """Silence."""


@contextmanager
def answering() -> Iterator[Answers]:
    """Serves until the end, in a thread of its own."""
    server = Answers(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
