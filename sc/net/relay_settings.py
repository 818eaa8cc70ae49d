"""Where mail goes, how private the way is, and who we are there."""

import re
from ipaddress import IPv6Address, ip_address

from attrs import Attribute, field, frozen, validators

from sc.wire.smtp_auth import Credentials
from sc.wire.smtp_mail import Dialect
from sc.wire.smtp_opening import Tls

SUBMISSIONS = 465
"""RFC 8314 3.3: TLS from the first octet, by the port alone."""

# What can stand in a certificate and in SNI: A-labels, and the underscore of
# containers' names.
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?", re.ASCII)


def host_and_port(server: str) -> tuple[str, int]:
    """
    Both halves of `host:port`; an IPv6 address without its brackets.

    @raise ValueError: it is neither that nor a path.
    """
    host, colon, port = server.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{server!r} is neither host:port nor the path of a socket")
    if host.startswith("[") and host.endswith("]"):
        return str(IPv6Address(host[1:-1])), int(port)
    if not host or ":" in host or any(c.isspace() for c in host):
        raise ValueError(f"{host!r} is not a host; write IPv6 as [address]:port")
    return host, int(port)


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _server(_: object, __: "Attribute[str]", server: str) -> None:
    if not server.startswith("/"):
        host_and_port(server)


def _tls_name(_: object, __: "Attribute[str | None]", name: str | None) -> None:
    if name is not None and not (_NAME.fullmatch(name) or is_address(name)):
        raise ValueError(f"{name!r} is not a name in a certificate; write xn-- forms")


def _path(_: object, __: "Attribute[str | None]", path: str | None) -> None:
    if path is not None and not path.startswith("/"):
        raise ValueError(f"{path!r} is not the whole path of a file")


@frozen
class RelaySettings:
    """
    Where mail goes, and how long each step may take. RFC 5321 4.5.3.2 allows a
    stranger minutes; a relay is the operator's own host.

    @ivar server: `host:port`, `[IPv6 address]:port`, or the path of a UNIX socket.
    @ivar protocol: `smtp`, or `lmtp` for a server that answers each recipient.
    @ivar tls: off: in clear. required: STARTTLS, or nothing is sent. implicit: TLS
        from the start. opportunistic: STARTTLS where offered. Default: implicit on
        port 465; off on loopback and UNIX sockets without `user`; else required.
    @ivar tls_name: the name or address that the certificate must hold; default: the
        host of `server`.
    @ivar ca_file: PEM certificates that are trusted beside the system's: your own CA,
        or the server's self-signed certificate.
    @ivar user: for AUTH; sent within TLS only.
    @ivar password: of `user`, here or in `password_file`.
    @ivar password_file: its first line is the password; read for each connection.
    @ivar connect_timeout: seconds for the connection.
    @ivar reply_timeout: seconds for each reply but the last, and for the handshake.
    @ivar body_timeout: seconds in which the server must take some of the message.
    @ivar final_timeout: seconds for the reply to the whole message: the server may
        filter it meanwhile.
    """

    # A relay may be written as its server alone.
    server: str = field(
        default="127.0.0.1:25", validator=_server, metadata={"alone": True}
    )
    protocol: Dialect = Dialect.SMTP
    tls: Tls | None = None
    tls_name: str | None = field(default=None, validator=_tls_name)
    ca_file: str | None = field(default=None, validator=_path)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    password_file: str | None = field(default=None, validator=_path)
    connect_timeout: float = field(default=10.0, validator=validators.gt(0))
    reply_timeout: float = field(default=60.0, validator=validators.gt(0))
    body_timeout: float = field(default=180.0, validator=validators.gt(0))
    final_timeout: float = field(default=600.0, validator=validators.gt(0))

    def __attrs_post_init__(self) -> None:
        if (self.user is None) != (self.password is self.password_file is None):
            raise ValueError("user needs password or password_file, and they need user")
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both given")
        if self.user is not None:
            self._check_login(self.user)
        if self.security is not Tls.OFF and not _NAME.fullmatch(self.certified_name):
            self._check_address()

    def _check_login(self, user: str) -> None:
        # The name alone is checked if the password comes later.
        Credentials(user, "x" if self.password is None else self.password)
        if self.security in (Tls.OFF, Tls.OPPORTUNISTIC):
            raise ValueError(
                "user: a password is never sent in clear; tls must be required or"
                " implicit"
            )

    def _check_address(self) -> None:
        if not self.certified_name:
            raise ValueError("tls_name is missing: a socket has no name of its own")
        if not is_address(self.certified_name):
            raise ValueError(
                f"tls_name is missing: {self.certified_name!r} cannot stand in a"
                " certificate"
            )

    @property
    def security(self) -> Tls:
        """`tls`, or what it is by default."""
        if self.tls is not None:
            return self.tls
        if self.server.startswith("/"):
            return Tls.REQUIRED if self.user else Tls.OFF
        host, port = host_and_port(self.server)
        if port == SUBMISSIONS:
            return Tls.IMPLICIT
        return Tls.REQUIRED if self.user or not _is_loopback(host) else Tls.OFF

    @property
    def certified_name(self) -> str:
        """Whom the certificate must name; "" if nobody says."""
        if self.tls_name is not None:
            return self.tls_name
        if self.server.startswith("/"):
            return ""
        return host_and_port(self.server)[0].rstrip(".")


def _is_loopback(host: str) -> bool:
    if is_address(host):
        return ip_address(host).is_loopback
    return host.lower().rstrip(".") == "localhost"
