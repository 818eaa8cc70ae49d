"""What an operator may set for each scanner, with a safe default for everything."""

import re
from enum import Enum
from typing import Any

from attrs import field, frozen

# "host:port", "[IPv6 address]:port", or the absolute path of a UNIX socket.
_SERVER = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})|/[^\0]+")
_USER = re.compile(r"[A-Za-z0-9._@+=-]{0,128}")


class Enabled(Enum):
    """`auto`: used where it is found; once found, its absence is an error."""

    TRUE = "true"
    FALSE = "false"
    AUTO = "auto"


class OnError(Enum):
    """What policy does with a message that the scanner could not look at."""

    TEMPFAIL = "tempfail"
    ACCEPT = "accept"
    QUARANTINE = "quarantine"


def _servers(_instance: object, _attribute: Any, value: tuple[str, ...]) -> None:
    if not value:
        raise ValueError("must name at least one server")
    for server in value:
        match = _SERVER.fullmatch(server)
        if match is None or (match[1] and not 0 < int(match[1]) < 65536):
            raise ValueError(f"{server}: must be host:port or the path of a socket")


def _positive(_instance: object, _attribute: Any, value: float) -> None:
    if not value > 0:
        raise ValueError("must be more than 0")


def _not_negative(_instance: object, _attribute: Any, value: float) -> None:
    if value < 0:
        raise ValueError("must not be less than 0")


def _user(_instance: object, _attribute: Any, value: str) -> None:
    if not is_user(value):
        raise ValueError("must be at most 128 letters, digits or any of . _ @ + = -")


def is_user(text: str) -> bool:
    """Whether it can stand in SPAMC's `User` without harm, or is empty."""
    return _USER.fullmatch(text) is not None


@frozen(kw_only=True)
class ScannerSettings:
    """
    What every scanner has.

    @ivar enabled: `auto` uses it where it is found.
    @ivar timeout: seconds for the whole look at one message.
    @ivar on_error: what follows when it could not look at a message.
    @ivar weight: its scores are multiplied by this.
    """

    enabled: Enabled = Enabled.AUTO
    timeout: float = field(default=30.0, validator=_positive)
    on_error: OnError = OnError.ACCEPT
    weight: float = field(default=1.0, validator=_not_negative)


@frozen(kw_only=True)
class PatternsSettings(ScannerSettings):
    """The test strings GTUBE and EICAR with their relatives; needs no server."""

    enabled: Enabled = Enabled.TRUE


@frozen(kw_only=True)
class HeadersSettings(ScannerSettings):
    """What is odd about Date, Message-ID and From; needs no server."""

    enabled: Enabled = Enabled.TRUE


@frozen(kw_only=True)
class LinksSettings(ScannerSettings):
    """Links that hide where they lead; needs no server."""

    enabled: Enabled = Enabled.TRUE


@frozen(kw_only=True)
class ClamAVSettings(ScannerSettings):
    """
    clamd.

    @ivar servers: host:port or the path of a socket; tried in this order.
    @ivar connect_timeout: seconds for one server to accept a connection.
    @ivar max_octets: a larger message is skipped, with a symbol that says so;
        not above clamd's StreamMaxLength.
    """

    # A virus that slips through is worse than mail that waits.
    on_error: OnError = OnError.TEMPFAIL
    servers: tuple[str, ...] = field(
        default=("/var/run/clamav/clamd.ctl", "127.0.0.1:3310"), validator=_servers
    )
    connect_timeout: float = field(default=5.0, validator=_positive)
    max_octets: int = field(default=25 << 20, validator=_positive)


@frozen(kw_only=True)
class SpamAssassinSettings(ScannerSettings):
    """
    spamd.

    @ivar servers: host:port or the path of a socket; tried in this order.
    @ivar connect_timeout: seconds for one server to accept a connection.
    @ivar user: whose preferences apply if the client names none; empty: spamd's own.
    @ivar max_octets: a larger message is skipped, with a symbol that says so;
        500 KiB is spamc's own limit, and a spamd child keeps what it once took.
    """

    servers: tuple[str, ...] = field(default=("127.0.0.1:783",), validator=_servers)
    connect_timeout: float = field(default=5.0, validator=_positive)
    user: str = field(default="", validator=_user)
    max_octets: int = field(default=512_000, validator=_positive)


@frozen(kw_only=True)
class SPFSettings(ScannerSettings):
    """
    Whether the client may send for the sender's domain (RFC 7208); asks DNS.

    @ivar enabled: `auto` is `true`: it needs no server but DNS.
    @ivar timeout: seconds for one message; a later answer is a `temperror`.
    """

    # It asks strangers' name servers: for a site without DNS each mail would wait.
    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=_positive)


@frozen(kw_only=True)
class DKIMSettings(ScannerSettings):
    """
    Which domains signed the message (RFC 6376); asks DNS for their keys.

    @ivar enabled: `auto` is `true`: it needs no server but DNS.
    @ivar timeout: seconds for one message; a later answer is a `temperror`.
    """

    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=_positive)


@frozen(kw_only=True)
class ScannersSettings:
    """One entry for each built-in scanner, in the order of every answer."""

    patterns: PatternsSettings = PatternsSettings()
    headers: HeadersSettings = HeadersSettings()
    links: LinksSettings = LinksSettings()
    clamav: ClamAVSettings = ClamAVSettings()
    spamassassin: SpamAssassinSettings = SpamAssassinSettings()
    spf: SPFSettings = SPFSettings()
    dkim: DKIMSettings = DKIMSettings()

    @property
    def by_name(self) -> dict[str, ScannerSettings]:
        return {
            "patterns": self.patterns,
            "headers": self.headers,
            "links": self.links,
            "clamav": self.clamav,
            "spamassassin": self.spamassassin,
            "spf": self.spf,
            "dkim": self.dkim,
        }
