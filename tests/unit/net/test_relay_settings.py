"""sc.net.relay_settings and relay_secrets: how private the way is, and who we are."""

from pathlib import Path
from typing import Any

import pytest

from sc.net.relay import RelayError, RelaySettings
from sc.net.relay_secrets import credentials
from sc.wire.smtp_auth import MAX_SECRET, Credentials
from sc.wire.smtp_opening import Tls

LOGIN: dict[str, Any] = {"user": "us", "password": "secret"}


@pytest.mark.parametrize(
    ("options", "security", "name"),
    [
        ({"server": "127.0.0.1:25"}, Tls.OFF, "127.0.0.1"),
        ({"server": "127.9.9.9:587"}, Tls.OFF, "127.9.9.9"),
        ({"server": "[::1]:25"}, Tls.OFF, "::1"),
        ({"server": "localhost:25"}, Tls.OFF, "localhost"),
        ({"server": "/run/lmtp"}, Tls.OFF, ""),
        ({"server": "localhost:465"}, Tls.IMPLICIT, "localhost"),
        ({"server": "mx.example.org:465"}, Tls.IMPLICIT, "mx.example.org"),
        ({"server": "mx.example.org.:587"}, Tls.REQUIRED, "mx.example.org"),
        ({"server": "192.0.2.1:25"}, Tls.REQUIRED, "192.0.2.1"),
        ({"server": "[2001:db8::1]:25"}, Tls.REQUIRED, "2001:db8::1"),
        ({"server": "127.0.0.1:25", **LOGIN}, Tls.REQUIRED, "127.0.0.1"),
        ({"server": "/run/x", "tls_name": "mx", **LOGIN}, Tls.REQUIRED, "mx"),
        ({"server": "mx.example:25", "tls": Tls.OFF}, Tls.OFF, "mx.example"),
        (
            {"server": "1.2.3.4:25", "tls_name": "m_x.example"},
            Tls.REQUIRED,
            "m_x.example",
        ),
        ({"server": "mx:25", "tls": Tls.OPPORTUNISTIC}, Tls.OPPORTUNISTIC, "mx"),
    ],
)
def test_defaults(options: dict[str, Any], security: Tls, name: str) -> None:
    """Mail leaves the machine in private unless the operator says otherwise."""
    settings = RelaySettings(**options)
    assert (settings.security, settings.certified_name) == (security, name)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"user": "us"}, "user needs password"),
        ({"password": "secret"}, "they need user"),
        ({"password_file": "/etc/sc/secret"}, "they need user"),
        ({**LOGIN, "password_file": "/etc/sc/secret"}, "both given"),
        ({**LOGIN, "tls": Tls.OFF}, "never sent in clear"),
        ({**LOGIN, "tls": Tls.OPPORTUNISTIC}, "never sent in clear"),
        ({"user": "us", "password": "secret\n"}, "password holds"),
        ({"user": "", "password": "secret"}, "user must have"),
        ({"user": "", "password_file": "/x"}, "user must have"),
        ({"server": "/run/lmtp", "tls": Tls.REQUIRED}, "tls_name is missing"),
        ({"server": "/run/lmtp", **LOGIN}, "tls_name is missing"),
        ({"server": "bücher.example:25"}, "tls_name is missing"),
        ({"tls_name": "bücher.example"}, "xn--"),
        ({"tls_name": ""}, "not a name"),
        ({"tls_name": "a b"}, "not a name"),
        ({"ca_file": "ca.pem"}, "whole path"),
        ({"user": "us", "password_file": "secret"}, "whole path"),
    ],
)
def test_contradictions(options: dict[str, Any], text: str) -> None:
    """What could only fail, or tell a password, is told at the start."""
    with pytest.raises(ValueError, match=text) as caught:
        RelaySettings(**options)
    assert "secret" not in str(caught.value).replace("'secret'", "")


def test_no_password_in_a_log() -> None:
    """The settings may be shown."""
    settings = RelaySettings("mx:25", user="us", password="hunter2")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(credentials(settings))


@pytest.mark.parametrize(
    "text", ["hunter2", "hunter2\n", "hunter2\r\n", "hunter2\nand a remark\n"]
)
def test_password_file(tmp_path: Path, text: str) -> None:
    """The first line is the password, however an editor ended it."""
    path = tmp_path / "password"
    path.write_bytes(text.encode())
    settings = RelaySettings("mx:25", user="us", password_file=str(path))
    assert credentials(settings) == Credentials("us", "hunter2")
    path.write_text("changed")
    assert credentials(settings) == Credentials("us", "changed")


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (None, "password_file cannot be read: No such file or directory"),
        (b"", "password_file: the password must have 1 to"),
        (b"\nhunter2", "password_file: the password must have 1 to"),
        (b"x" * (MAX_SECRET + 1), "password_file: the password must have 1 to"),
        (b"hunter2\xff", "password_file is not UTF-8"),
    ],
)
def test_bad_password_file(tmp_path: Path, octets: bytes | None, text: str) -> None:
    """A file without a password is named by its option; nothing of it is told."""
    path = tmp_path / "file-of-ours"
    if octets is not None:
        path.write_bytes(octets)
    settings = RelaySettings("mx:25", user="us", password_file=str(path))
    with pytest.raises(RelayError) as caught:
        credentials(settings)
    assert str(caught.value).startswith(text)
    assert "file-of-ours" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


def test_nobody() -> None:
    """Without a user there is nothing to say."""
    assert credentials(RelaySettings()) is None
