"""ICAP, the client's side (RFC 3507): a message shown to a filter as HTTP content.

OPTIONS first, then RESPMOD or REQMOD on the same connection, with the preview that
the service asks for. 204 says clean; else its header names what was found, or what
it sends back differs from the message.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from itertools import chain
from typing import TypeAlias

from attrs import frozen

from sc.model.octets import Octets

CHUNK = 64 * 1024
MAX_HEAD = 64 * 1024
"""Octets of a header section, ICAP's or one of HTTP within it."""

MAX_PREVIEW = 64 * 1024
MAX_NAME = 128
MAX_NAMES = 16

_STATUS = re.compile(r"ICAP/1\.\d (\d{3})(?: [\x20-\x7e]{0,200})?")
_FIELD = re.compile(r"([A-Za-z0-9_-]{1,64}):[ \t]*([^\r\n]{0,8192})")
_FOLD = re.compile(r"\r\n[ \t]+")
_PART = re.compile(r"\b(res-hdr|req-body|res-body|null-body)=(\d{1,6})\b")
_HTTP = re.compile(rb"HTTP/1\.\d (\d{3})\b")
_SIZE = re.compile(rb"(?:\r\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[\x20-\x7e]{0,100})?\r\n")
_LONGEST_SIZE = 128
_END = b"0\r\n\r\n"

# draft-stecher-icap-subid: 0 is a virus, 1 a policy's violation, 2 a container that
# could not be opened.
_INFECTION = re.compile(r"Type=(\d);\s*Resolution=\d;\s*Threat=(.{1,512}?);?")
_NAMING = ("x-virus-id", "x-virus-name", "x-fsecure-infection-name")
_NOTHING = re.compile(r"|-|none|clean|no threats?", re.IGNORECASE)
_VIOLATIONS = re.compile(r"\s*0*[1-9]\d*(?:\s+\S+\s+(\S+))?.*")
_NOT_SHOWN = re.compile(r"[^\x20-\x7e]")


class ProtocolError(ValueError):
    """What arrived is no answer of an ICAP service that will do."""


class Method(Enum):
    """As what the message is shown: as somebody's answer, or as an upload."""

    RESPMOD = "respmod"
    REQMOD = "reqmod"


@frozen
class Clean:
    pass


@frozen
class Found:
    """@ivar names: of viruses, printable ASCII; at least one."""

    names: tuple[str, ...]


@frozen
class Violation:
    """No virus, but a rule of the service: an encrypted archive and the like."""

    text: str


Verdict: TypeAlias = Clean | Found | Violation


@frozen
class _Head:
    status: int
    fields: Mapping[str, str]


class Client:
    """
    One connection's dialogue about a message.

    @ivar outcome: the verdict, once it is known.
    """

    outcome: Verdict | None = None

    def __init__(self, service: str, method: Method, content: Octets | None) -> None:
        """@param content: None: only what the service offers is asked."""
        self._service, self._method, self._content = service, method, content
        self._buffer = bytearray()
        self._step: Callable[[], bool] = self._options
        self._rest: Iterator[bytes] | None = None
        self._unsent: Iterator[bytes] = iter(())
        self._body_at, self._has_body = 0, True
        self._http_at: int | None = None
        self._compared, self._left = 0, 0

    def opening(self) -> bytes:
        return self._head("OPTIONS", "Encapsulated: null-body=0")

    def receive(self, octets: bytes) -> bytes:
        """
        Nothing: what is to be sent is `more`.

        @raise ProtocolError: this service cannot be asked, or answers rubbish.
        """
        self._buffer += octets
        while self.outcome is None and self._step():
            continue
        return b""

    def more(self) -> bytes:
        """The next piece of the request."""
        return next(self._unsent, b"")

    def _head(self, method: str, *fields: str) -> bytes:
        """Which of its names the service is asked by is no matter to it."""
        first = f"{method} icap://localhost/{self._service} ICAP/1.0"
        return "\r\n".join((first, "Host: localhost", *fields, "", "")).encode()

    def _read_head(self) -> _Head | None:
        end = self._buffer.find(b"\r\n\r\n")
        if max(end, len(self._buffer) if end < 0 else 0) > MAX_HEAD:
            raise ProtocolError("its header has no end")
        if end < 0:
            return None
        text = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        return _parse_head(text)

    def _options(self) -> bool:
        """As all steps, whether there may be another one."""
        head = self._read_head()
        if head is None:
            return False
        if head.status != 200:
            raise ProtocolError(f"it answers OPTIONS with status {head.status}")
        if self._method.name not in head.fields.get("methods", "").upper():
            raise ProtocolError(f"it does not offer {self._method.name}")
        if self._content is None:
            self.outcome = Clean()
            return True
        self._step = self._replied
        self._request(self._content, head.fields.get("preview", ""))
        return True

    def _request(self, content: Octets, offered: str) -> None:
        previews = offered.isascii() and offered.isdigit() and len(offered) < 10
        size = min(int(offered), MAX_PREVIEW) if previews else len(content)
        fields = ["Allow: 204", *([f"Preview: {size}"] if previews else [])]
        headers, parts = _encapsulated(self._method, len(content))
        head = self._head(self._method.name, *fields, f"Encapsulated: {parts}")
        whole = previews and len(content) <= size
        end = b"0; ieof\r\n\r\n" if whole else _END
        first = _chunks(content, 0, size)
        start = head + headers + next(first, b"")
        self._unsent = chain((start,), first, (end,))
        if previews and not whole:
            self._rest = _chunks(content, size, len(content))

    def _replied(self) -> bool:
        head = self._read_head()
        if head is None:
            return False
        if head.status == 100 and self._rest is not None:
            self._unsent = chain(self._unsent, self._rest, (_END,))
            self._rest = None
            return True
        if head.status not in (200, 201, 204):
            raise ProtocolError(f"it answers with status {head.status}")
        self.outcome = _named(head.fields)
        if self.outcome is None and head.status == 204:
            self.outcome = Clean()
        elif self.outcome is None:
            self._expect(head.fields.get("encapsulated", ""))
        return True

    def _expect(self, encapsulated: str) -> None:
        """What it sends back is to be read: it may be the message itself."""
        parts = {match[1]: int(match[2]) for match in _PART.finditer(encapsulated)}
        self._http_at = parts.pop("res-hdr", None)
        if len(parts) != 1 or max(parts.values()) > MAX_HEAD:
            raise ProtocolError("it does not say what it sends back")
        [(kind, self._body_at)] = parts.items()
        self._has_body = kind != "null-body"
        self._step = self._read_http

    def _read_http(self) -> bool:
        if len(self._buffer) < self._body_at:
            return False
        block = bytes(self._buffer[: self._body_at])
        del self._buffer[: self._body_at]
        if self._http_at is not None:
            status = _HTTP.match(block, self._http_at)
            if status is None:
                raise ProtocolError("what it sends back is no HTTP")
            # REQMOD answers an upload that may go on with the upload.
            if self._method is Method.REQMOD or not status[1].startswith(b"2"):
                self.outcome = _unnamed(f"HTTP status {status[1].decode()}")
                return True
        if not self._has_body:
            self.outcome = _unnamed("nothing in its place")
        self._step = self._read_chunk
        return True

    def _read_chunk(self) -> bool:
        """Compared as it comes: nothing is kept."""
        assert self._content is not None
        if self._left:
            return self._compare(self._content)
        match = _SIZE.match(self._buffer)
        if match is None:
            if len(self._buffer) > _LONGEST_SIZE:
                raise ProtocolError("what it sends back has a broken chunk")
            return False
        self._left = int(match[1], 16)
        del self._buffer[: match.end()]
        if not self._left:
            whole = self._compared == len(self._content)
            self.outcome = Clean() if whole else _unnamed("another message")
        return True

    def _compare(self, content: Octets) -> bool:
        piece = bytes(self._buffer[: self._left])
        if not piece:
            return False
        del self._buffer[: len(piece)]
        end = self._compared + len(piece)
        if piece != content[self._compared : end]:
            self.outcome = _unnamed("another message")
        self._compared, self._left = end, self._left - len(piece)
        return True


def _parse_head(text: str) -> _Head:
    first, *lines = _FOLD.sub(" ", text).split("\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise ProtocolError("it does not speak ICAP")
    fields: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise ProtocolError("its header has a broken line")
        name, value = field[1].lower(), field[2].strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return _Head(int(status[1]), fields)


def _encapsulated(method: Method, length: int) -> tuple[bytes, str]:
    """The header sections of HTTP around the message, and where each begins."""
    about = f"Content-Type: message/rfc822\r\nContent-Length: {length}\r\n\r\n"
    if method is Method.REQMOD:
        upload = f"POST /message.eml HTTP/1.1\r\nHost: localhost\r\n{about}".encode()
        return upload, f"req-hdr=0, req-body={len(upload)}"
    asked = b"GET /message.eml HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = f"HTTP/1.1 200 OK\r\n{about}".encode()
    body = len(asked) + len(answer)
    return asked + answer, f"req-hdr=0, res-hdr={len(asked)}, res-body={body}"


def _chunks(content: Octets, start: int, end: int) -> Iterator[bytes]:
    """Without the last, empty one."""
    for at in range(start, min(end, len(content)), CHUNK):
        piece = content[at : min(at + CHUNK, end)]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


def _named(fields: Mapping[str, str]) -> Found | Violation | None:
    """What the service says that it found, in the words of many makers."""
    found = _INFECTION.fullmatch(fields.get("x-infection-found", ""))
    if found and found[1] != "0":
        return Violation(_shown(found[2]))
    names = [found[2]] if found else []
    for naming in _NAMING:
        names += (name.strip(' "') for name in fields.get(naming, "").split(","))
    named = [_shown(name) for name in names if not _NOTHING.fullmatch(name)]
    if named:
        return Found(tuple(dict.fromkeys(named))[:MAX_NAMES])
    violations = _VIOLATIONS.fullmatch(fields.get("x-violations-found", ""))
    if violations or fields.get("x-infection-found"):
        return Found((_shown((violations and violations[1]) or "unnamed"),))
    return None


def _unnamed(how: str) -> Found:
    """What it does not give back is bad, though it does not say why."""
    return Found((f"unnamed: {how}",))


def _shown(name: str) -> str:
    return _NOT_SHOWN.sub("?", name[:MAX_NAME])
