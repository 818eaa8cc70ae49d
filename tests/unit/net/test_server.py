"""sc.net.server: what an operator may write for a server."""

import pytest

from sc.net.server import Server, read_server


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("127.0.0.1:3310", Server("127.0.0.1:3310")),
        ("[2001:db8::1]:783 weight=2", Server("[2001:db8::1]:783", 2)),
        ("spamd.example:783  weight=999", Server("spamd.example:783", 999)),
        ("/run/a b/clamd.ctl weight=10", Server("/run/a b/clamd.ctl", 10)),
    ],
)
def test_read(text: str, server: Server) -> None:
    """An address, and a weight behind it where one has another share."""
    assert read_server(text) == server
    assert server.is_socket == text.startswith("/")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spamd", "host:port"),
        ("a:0", "host:port"),
        ("a:65536", "host:port"),
        ("a:1 weight=", "host:port"),
        ("a:1 weight=-1", "host:port"),
        ("a:1 weight=1000", "host:port"),
        ("a:1 weight=0", "weight=1 to 999 may follow"),
        ("/run/x ", "host:port"),
        ("/run/x weight=0", "weight=1 to 999 may follow"),
        ("/run/x weight=1000", "weight=1 to 999 may follow"),
        ("/run/\0", "host:port"),
        ("/" + 107 * "x", "at most 107 octets"),
        ("[192.0.2.1]:783", "IPv6"),
        ("[:::]:783 weight=2", "IPv6"),
    ],
)
def test_not_a_server(text: str, words: str) -> None:
    """Whatever is none is an error that says what one looks like."""
    with pytest.raises(ValueError, match=words):
        read_server(text)
