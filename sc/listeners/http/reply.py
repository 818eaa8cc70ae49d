"""How an answer looks on the wire, whoever writes it."""

from http import HTTPStatus

from twisted.web.http_headers import Headers

from sc.listeners.http.errors import HttpError
from sc.listeners.http.json_text import encode

JSON = "application/json; charset=utf-8"
MAIL = "message/rfc822"
ID = "X-SC-Id"


def head(version: bytes, status: bytes, reason: bytes, headers: Headers) -> bytes:
    """
    A reply's first lines, with what every answer says. Verdicts must not lie in a
    proxy's cache, a stranger's text must never be taken for a page, and our versions
    are nobody's business.
    """
    headers.removeHeader(b"Server")
    headers.setRawHeaders(b"Cache-Control", [b"no-store"])
    headers.setRawHeaders(b"X-Content-Type-Options", [b"nosniff"])
    lines = [
        b"%s: %s" % (_spelled(name), value)
        for name, values in headers.getAllRawHeaders()
        for value in values
    ]
    return b"\r\n".join([b"%s %s %s" % (version, status, reason), *lines, b"", b""])


def _spelled(name: bytes) -> bytes:
    """Twisted writes X-Sc-Id; programs do not mind, people who grep do."""
    return name.replace(b"X-Sc-", b"X-SC-", 1)


def error_body(error: HttpError) -> bytes:
    return encode({"error": error.text})


def whole_reply(error: HttpError, request_id: str) -> bytes:
    """For a request that no handler will ever see."""
    body = error_body(error)
    headers = Headers()
    for name, value in (
        *error.fields,
        ("Content-Type", JSON),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        (ID, request_id),
    ):
        headers.addRawHeader(name, value)
    reason = HTTPStatus(error.status).phrase.encode("ascii")
    return head(b"HTTP/1.1", b"%d" % error.status, reason, headers) + body
