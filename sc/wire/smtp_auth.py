"""AUTH on the client's side (RFC 4954): PLAIN (4616), CRAM-MD5 (2195) and LOGIN.

Nothing here knows whether the line is private: `smtp_opening` asks for an exchange
within TLS only.
"""

import hmac
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Mapping

from attrs import Attribute, define, field, frozen

from sc.wire.smtp import Reply
from sc.wire.smtp_replies import ProtocolError

MECHANISMS = ("PLAIN", "CRAM-MD5", "LOGIN")
"""In the order in which we want them. Within TLS all are equally private; PLAIN alone
has a charset and one round trip, and servers that keep no clear password (most) offer
CRAM-MD5 by mistake only. LOGIN never was a standard."""

MAX_SECRET = 500
"""Octets of a name or password: those of real services stay below 256."""

MAX_COMMAND = 510
"""RFC 5321 4.5.3.1.4, less CRLF; a longer first response waits for 334 (4954 4)."""

TELLING = 12
"""Octets of a secret that show that a reply repeats it; less may be chance."""


def _text(_: object, attribute: "Attribute[str]", value: str) -> None:
    # RFC 4616 2: no NUL. A line end is what an editor left, never what was meant.
    if any(c in value for c in "\0\r\n"):
        raise ValueError(f"the {attribute.name} holds a line end or a NUL")
    if not 0 < len(value.encode("utf-8")) <= MAX_SECRET:
        raise ValueError(f"the {attribute.name} must have 1 to {MAX_SECRET} octets")


@frozen
class Credentials:
    user: str = field(validator=_text)
    password: str = field(validator=_text, repr=False)


Answer = Callable[[str], bytes]
"""From the text of a 334 to our response."""


@define
class Exchange:
    """
    One run of a mechanism.

    @ivar command: the line that begins it.
    """

    command: str = field(repr=False)
    _answers: deque[Answer] = field(repr=False)
    _secrets: list[str] = field(repr=False)

    def respond(self, challenge: str) -> str:
        """
        The line that answers a 334.

        @raise ProtocolError: the server asks for what the mechanism has not.
        """
        if not self._answers:
            raise ProtocolError("334 where AUTH was complete")
        line = _base64(self._answers.popleft()(challenge))
        self._secrets.append(line)
        return line

    def without_secrets(self, reply: Reply) -> Reply:
        """Servers repeat what they did not understand; logs must not hold it."""
        return Reply(reply.code, tuple(map(self._cut, reply.lines)))

    def _cut(self, line: str) -> str:
        for secret in self._secrets:
            # The server may have cut it: its beginning is enough.
            found = line.find(secret[:TELLING])
            if found >= 0:
                line = line[:found] + "***"
        return line


def mechanisms(extensions: Mapping[str, str]) -> list[str]:
    """What the server offers and we speak, the best first."""
    # "AUTH=LOGIN" is how servers wrote it before RFC 2554; some still do so only.
    words = [
        word
        for keyword, rest in extensions.items()
        if keyword == "AUTH" or keyword.startswith("AUTH=")
        for word in (keyword.partition("=")[2], *rest.upper().split())
    ]
    return [name for name in MECHANISMS if name in words]


def exchange(mechanism: str, credentials: Credentials) -> Exchange:
    """Begin one of `MECHANISMS`."""
    user, password = credentials.user.encode(), credentials.password.encode()
    secrets = [credentials.password]
    if mechanism == "PLAIN":
        return _plain(b"\0" + user + b"\0" + password, secrets)
    answers: dict[str, list[Answer]] = {
        "LOGIN": [lambda _: user, lambda _: password],
        "CRAM-MD5": [lambda text: user + b" " + _digest(password, text)],
    }
    return Exchange(f"AUTH {mechanism}", deque(answers[mechanism]), secrets)


def _plain(response: bytes, secrets: list[str]) -> Exchange:
    first = _base64(response)
    secrets.append(first)
    if len(command := f"AUTH PLAIN {first}") <= MAX_COMMAND:
        return Exchange(command, deque(), secrets)
    return Exchange("AUTH PLAIN", deque([lambda _: response]), secrets)


def _digest(password: bytes, text: str) -> bytes:
    try:
        challenge = b64decode(text, validate=True)
    except ValueError as e:
        raise ProtocolError("not a challenge") from e
    if not challenge:  # a response to nothing would do for ever
        raise ProtocolError("an empty challenge")
    return hmac.new(password, challenge, "md5").hexdigest().encode()


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")
