"""Who may ask for what: rights by token or by network (nobody makes us a cannon).

Loopback and UNIX sockets have all rights but `admin`, which needs a token or a
0600 socket. Everybody else has what the configuration gives.
"""

import hashlib
import hmac
from enum import Enum

from attrs import define, field, frozen

from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress


class Right(Enum):
    SCAN = "scan"
    REPORT = "report"
    LEARN = "learn"
    ADMIN = "admin"


LOCAL_RIGHTS = frozenset({Right.SCAN, Right.REPORT, Right.LEARN})


def _is_digest(_instance: object, _attribute: object, value: str) -> None:
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError("must be the SHA-256 of the token, 64 hex digits")


@frozen
class Token:
    """
    @ivar name: stands in the log.
    @ivar sha256: of the token, in hex (`printf %s TOKEN | sha256sum`); the token
        itself is never stored.
    @ivar rights: what its bearer may: scan, report, learn, admin.
    """

    name: str
    sha256: str = field(validator=_is_digest, repr=False)
    rights: tuple[Right, ...] = ()


@frozen
class NetworkRights:
    """
    @ivar network: clients with an address in it.
    @ivar rights: what they may without a token: scan, report, learn, admin.
    """

    network: IPNetwork
    rights: tuple[Right, ...] = ()


@frozen
class AccessSettings:
    """
    @ivar tokens: for clients that send `Authorization: Bearer TOKEN`.
    @ivar networks: for clients by their address; loopback needs no entry.
    """

    tokens: tuple[Token, ...] = ()
    networks: tuple[NetworkRights, ...] = ()


@frozen
class Peer:
    """
    The other end of a connection.

    @ivar ip: None on a UNIX socket.
    @ivar private: the UNIX socket can be opened by its owner only (0600).
    """

    ip: IPAddress | None = None
    private: bool = False

    def __str__(self) -> str:
        return str(self.ip) if self.ip else "unix"


@frozen
class Caller:
    """Who asks, for the log, and what they may."""

    name: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights


@define
class Access:
    """The one place that answers "may they?"; a reload replaces its settings."""

    settings: AccessSettings = AccessSettings()

    def caller(self, peer: Peer, token: str | None = None) -> Caller:
        """What this peer may do, with the token it showed, if any."""
        rights = set(self._by_address(peer))
        name = str(peer)
        if token is not None:
            digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
            for known in self.settings.tokens:
                if hmac.compare_digest(known.sha256, digest):
                    rights |= set(known.rights)
                    name = known.name
        return Caller(name, frozenset(rights))

    def _by_address(self, peer: Peer) -> frozenset[Right]:
        if peer.ip is None:
            return LOCAL_RIGHTS | {Right.ADMIN} if peer.private else LOCAL_RIGHTS
        ip = getattr(peer.ip, "ipv4_mapped", None) or peer.ip
        granted = {
            right
            for rule in self.settings.networks
            if ip.version == rule.network.version and ip in rule.network
            for right in rule.rights
        }
        return frozenset(granted | LOCAL_RIGHTS if ip.is_loopback else granted)
