"""The envelope that a request tells: `X-Env-*` fields, or JSON's `envelope`.

Only the fields named here count. ecsd passed every `X-Env-*` on to its engines, and
`X-Env-File: /etc/passwd` made rspamd scan that file in place of the message.
"""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import TypeAlias

from attrs import frozen
from twisted.web.http_headers import Headers

from sc.listeners.http.errors import HttpError
from sc.model.envelope import Envelope, IPAddress

MAX_ADDRESS = 512
"""Octets of an address; RFC 5321 4.5.3.1.3 says 256, VERP and BATV make more of it."""

MAX_TEXT = 255
"""Octets of everything else: a host name's limit."""

PREFIX = "x-env-"

_KEYS = {
    "from": "from",
    "rcpt": "rcpt",
    "ip": "ip",
    "port": "port",
    "hostname": "hostname",
    "helo": "helo",
    "user": "user",
    "queue-id": "queue_id",
    "tls-version": "tls",
    "tls-cipher": "tls_cipher",
}
"""Header name without prefix to the name in JSON."""

_JSON_KEYS = frozenset(_KEYS.values()) - {"tls_cipher"}

Fields: TypeAlias = Mapping[str, Sequence[str]]


def from_headers(headers: Headers, max_recipients: int) -> Envelope:
    """
    @raise HttpError: 400, with the name of the field that is wrong.
    """
    fields: dict[str, Sequence[str]] = {}
    for raw, values in headers.getAllRawHeaders():
        name = raw.decode("ascii", "replace").lower()
        key = _KEYS.get(name.removeprefix(PREFIX))
        if key is not None and name.startswith(PREFIX):
            label = _header_label(key)
            fields[key] = [_utf8(value, label) for value in values]
    return _Reader(fields, _header_label).envelope(max_recipients)


def from_json(value: object, max_recipients: int) -> Envelope:
    """
    @raise HttpError: 400, with the name of the field that is wrong.
    """
    if not isinstance(value, dict):
        raise HttpError(400, "envelope: must be an object")
    fields: dict[str, Sequence[str]] = {}
    for key, given in value.items():
        label = f"envelope.{str(key)[:60]}"
        if key not in _JSON_KEYS:
            raise HttpError(400, f"{label}: there is no such field")
        if given is not None:
            fields[key] = _texts(key, given, label)
    return _Reader(fields, "envelope.{}".format).envelope(max_recipients)


def _header_label(key: str) -> str:
    name = next(name for name, known in _KEYS.items() if known == key)
    words = {"ip": "IP", "id": "Id", "tls": "TLS"}
    return "X-Env-" + "-".join(words.get(w, w.capitalize()) for w in name.split("-"))


def _utf8(value: bytes, label: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise HttpError(400, f"{label}: not UTF-8") from None


def _texts(key: str, given: object, label: str) -> Sequence[str]:
    if key == "port" and isinstance(given, int) and not isinstance(given, bool):
        return [str(given)]
    if isinstance(given, str):
        return [given]
    if key == "rcpt" and isinstance(given, list):
        if all(isinstance(item, str) for item in given):
            return given
        raise HttpError(400, f"{label}: must be a string or a list of strings")
    raise HttpError(400, f"{label}: must be a string")


@frozen
class _Reader:
    """
    Checks what both sources tell.

    @ivar label: what the client calls a field.
    """

    fields: Fields
    label: Callable[[str], str]

    def envelope(self, max_recipients: int) -> Envelope:
        recipients = self.fields.get("rcpt", ())
        if len(recipients) > max_recipients:
            text = f"more than {max_recipients} recipients"
            raise HttpError(400, f"{self.label('rcpt')}: {text}")
        tls = filter(None, map(self._text, ("tls", "tls_cipher")))
        return Envelope(
            sender=self._sender(),
            recipients=tuple(self._recipient(text) for text in recipients),
            client_ip=self._ip(),
            client_port=self._port(),
            client_name=self._text("hostname"),
            helo=self._text("helo"),
            user=self._text("user"),
            queue_id=self._text("queue_id"),
            tls=" ".join(tls) or None,
        )

    def _one(self, key: str) -> str | None:
        values = self.fields.get(key, ())
        if len(values) > 1:
            raise HttpError(400, f"{self.label(key)}: given more than once")
        return values[0].strip() if values else None

    def _text(self, key: str) -> str | None:
        text = self._one(key)
        return self._checked(key, text, MAX_TEXT) if text else None

    def _sender(self) -> str | None:
        text = self._one("from")
        return None if text is None else self._path("from", text)

    def _recipient(self, text: str) -> str:
        path = self._path("rcpt", text.strip())
        if not path:
            raise HttpError(400, f"{self.label('rcpt')}: is empty")
        return path

    def _path(self, key: str, text: str) -> str:
        if text.startswith("<") and text.endswith(">"):
            text = text[1:-1]
        return self._checked(key, text, MAX_ADDRESS)

    def _checked(self, key: str, text: str, limit: int) -> str:
        """It will stand in log lines, header fields and other protocols' lines."""
        if not text.isprintable():
            raise HttpError(400, f"{self.label(key)}: has control characters")
        if len(text.encode()) > limit:
            raise HttpError(400, f"{self.label(key)}: longer than {limit} octets")
        return text

    def _ip(self) -> IPAddress | None:
        text = self._one("ip")
        if not text:
            return None
        try:
            # Without its zone, which names an interface, and may be anything.
            bare = text.removeprefix("[").removesuffix("]").partition("%")[0]
            return ip_address(bare)
        except ValueError:
            raise HttpError(400, f"{self.label('ip')}: not an IP address") from None

    def _port(self) -> int | None:
        text = self._one("port")
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536:
            return int(text)
        raise HttpError(400, f"{self.label('port')}: not a port")
