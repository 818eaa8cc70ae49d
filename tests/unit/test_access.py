"""sc.access: who may ask for what."""

import hashlib
from ipaddress import ip_address, ip_network

import pytest

from sc.access import (
    LOCAL_RIGHTS,
    Access,
    AccessSettings,
    NetworkRights,
    Peer,
    Right,
    Token,
)

DIGEST = hashlib.sha256(b"open sesame").hexdigest()
ACCESS = Access(
    AccessSettings(
        tokens=(Token("ops", DIGEST, (Right.ADMIN,)),),
        networks=(NetworkRights(ip_network("192.0.2.0/24"), (Right.SCAN,)),),
    )
)


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_may_all_but_admin(ip: str) -> None:
    """On the machine itself everything but `admin` works without a token."""
    assert ACCESS.caller(Peer(ip_address(ip))).rights == LOCAL_RIGHTS


def test_stranger_may_nothing() -> None:
    """An address that no rule names has no right at all."""
    assert not ACCESS.caller(Peer(ip_address("198.51.100.1"))).rights


@pytest.mark.parametrize("ip", ["192.0.2.9", "::ffff:192.0.2.9"])
def test_network_rule(ip: str) -> None:
    """A configured network has what its rule gives, mapped addresses too."""
    caller = ACCESS.caller(Peer(ip_address(ip)))
    assert caller.rights == {Right.SCAN}
    assert not caller.may(Right.REPORT)


def test_token_adds_its_rights_and_names_the_caller() -> None:
    """A token's rights come on top of the address's, and the log shows its name."""
    caller = ACCESS.caller(Peer(ip_address("192.0.2.9")), "open sesame")
    assert caller.rights == {Right.SCAN, Right.ADMIN}
    assert caller.name == "ops"


def test_wrong_token_adds_nothing() -> None:
    """A wrong token is like none."""
    caller = ACCESS.caller(Peer(ip_address("198.51.100.1")), "open barley\udcff")
    assert not caller.rights


def test_private_socket_may_admin() -> None:
    """Who can open a 0600 socket owns the daemon anyway."""
    assert ACCESS.caller(Peer(private=True)).may(Right.ADMIN)
    assert not ACCESS.caller(Peer()).may(Right.ADMIN)


def test_token_must_be_a_hash() -> None:
    """The configuration holds a hash, never the token."""
    with pytest.raises(ValueError, match="SHA-256"):
        Token("ops", "open sesame")
