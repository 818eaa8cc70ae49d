"""From a server's greeting until it takes mail: EHLO, STARTTLS (RFC 3207), AUTH."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeAlias

from sc.wire.smtp import Reply
from sc.wire.smtp_auth import (
    MECHANISMS,
    Credentials,
    Exchange,
    exchange,
    mechanisms,
)
from sc.wire.smtp_client_event import (
    Event,
    Progressed,
    Ready,
    Refused,
    TlsWanted,
    Unfit,
)
from sc.wire.smtp_mail import Dialect
from sc.wire.smtp_replies import ProtocolError

NO_TLS = "offers no STARTTLS, and `tls` asks for it: nothing is sent in clear"
NOT_PRIVATE = "the connection is not private: no password is sent in clear"
NO_AUTH = "offers no AUTH that we speak (" + ", ".join(MECHANISMS) + ") for `user`"

LOGIN_REFUSED = "our user and password"


class Tls(Enum):
    """How a connection becomes private. Once it is to be, the server is verified."""

    OFF = "off"
    OPPORTUNISTIC = "opportunistic"
    REQUIRED = "required"
    IMPLICIT = "implicit"


Turn: TypeAlias = tuple[Event, str]
"""What happened, and the line that goes out now; "" is none."""


class Opening:
    """
    One command at a time; each reply goes through `take`.

    @ivar extensions: upper-case keyword to parameters, from the last answer to EHLO.
    @ivar tls_wanted: nothing goes in either direction before the handshake is done.
    """

    def __init__(
        self, helo: str, dialect: Dialect, tls: Tls, credentials: Credentials | None
    ) -> None:
        self.extensions: Mapping[str, str] = {}
        self.tls_wanted = tls is Tls.IMPLICIT
        self._helo = helo
        self._dialect = dialect
        self._tls = tls
        self._credentials = credentials
        self._private = False
        self._step: Callable[[Reply], Turn] = self._greeted
        self._mechanisms: list[str] = []
        self._exchange: Exchange | None = None

    def take(self, reply: Reply) -> Turn:
        """
        @raise ProtocolError: a reply that does not belong here.
        """
        if reply.code // 100 == 3 and self._exchange is None:
            raise ProtocolError(f"{reply.code} out of turn")
        return self._step(reply)

    def tls_started(self) -> str:
        """The line that goes out now; with implicit TLS the server greets first."""
        self.tls_wanted, self._private = False, True
        if self._step == self._greeted:
            return ""
        self.extensions = {}  # RFC 3207 4.2: forget what was learned in clear
        return self._hello()[1]

    def _hello(self) -> Turn:
        self._step = self._hello_answered
        verb = "EHLO" if self._dialect is Dialect.SMTP else "LHLO"
        return Progressed(), f"{verb} {self._helo}"

    def _greeted(self, reply: Reply) -> Turn:
        return self._hello() if reply.code == 220 else (Refused(reply), "")

    def _hello_answered(self, reply: Reply) -> Turn:
        if reply.code >= 500 and self._dialect is Dialect.SMTP:  # RFC 5321 3.2
            self._step = self._old_hello_answered
            return Progressed(), f"HELO {self._helo}"
        if reply.is_positive:
            words = (line.partition(" ") for line in reply.lines[1:])
            self.extensions = {keyword.upper(): rest for keyword, _, rest in words}
        return self._old_hello_answered(reply)

    def _old_hello_answered(self, reply: Reply) -> Turn:
        if not reply.is_positive:
            return Refused(reply), ""
        if self._private or self._tls is Tls.OFF:
            return self._authenticate()
        if "STARTTLS" in self.extensions:
            self._step = self._tls_answered
            return Progressed(), "STARTTLS"
        return self._stay_in_clear(Unfit(NO_TLS))

    def _tls_answered(self, reply: Reply) -> Turn:
        if reply.code == 220:
            self.tls_wanted = True
            return TlsWanted(), ""
        return self._stay_in_clear(Refused(reply, "STARTTLS"))

    def _stay_in_clear(self, otherwise: Event) -> Turn:
        if self._tls is Tls.OPPORTUNISTIC:
            return self._authenticate()
        return otherwise, ""

    def _authenticate(self) -> Turn:
        if self._credentials is None:
            return Ready(), ""
        if not self._private:
            return Unfit(NOT_PRIVATE), ""
        self._mechanisms = mechanisms(self.extensions)
        if not self._mechanisms:
            return Unfit(NO_AUTH), ""
        return self._next_mechanism(self._credentials)

    def _next_mechanism(self, credentials: Credentials) -> Turn:
        self._exchange = exchange(self._mechanisms.pop(0), credentials)
        self._step = self._auth_answered
        return Progressed(), self._exchange.command

    def _auth_answered(self, reply: Reply) -> Turn:
        assert self._exchange is not None
        assert self._credentials is not None
        if reply.code == 334:
            return Progressed(), self._exchange.respond(reply.lines[0])
        if reply.code == 235:
            self._exchange = None
            return Ready(), ""
        if reply.code < 400:
            raise ProtocolError(f"{reply.code} to AUTH")
        # RFC 4954 6: not this mechanism. Never after 535: guesses lock accounts.
        if reply.code in (504, 534) and self._mechanisms:
            return self._next_mechanism(self._credentials)
        return Refused(self._exchange.without_secrets(reply), LOGIN_REFUSED), ""
