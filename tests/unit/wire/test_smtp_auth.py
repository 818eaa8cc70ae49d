"""sc.wire.smtp_auth: three ways to tell a server who we are."""

from base64 import b64decode, b64encode

import pytest

from sc.wire.smtp import Reply
from sc.wire.smtp_auth import (
    MAX_COMMAND,
    MAX_SECRET,
    Credentials,
    exchange,
    mechanisms,
)
from sc.wire.smtp_replies import ProtocolError

US = Credentials("us", "pässword-for-all")


def plain(line: str) -> bytes:
    return b64decode(line, validate=True)


def test_plain() -> None:
    """PLAIN is one line, in UTF-8 (RFC 4616)."""
    begun = exchange("PLAIN", US)
    verb, mechanism, response = begun.command.split(" ")
    assert (verb, mechanism) == ("AUTH", "PLAIN")
    assert plain(response) == "\0us\0pässword-for-all".encode()
    with pytest.raises(ProtocolError, match="complete"):
        begun.respond("")


def test_plain_too_long_for_a_command() -> None:
    """A response that no command line holds waits for 334 (RFC 4954 4)."""
    long = Credentials("u", "x" * MAX_SECRET)
    begun = exchange("PLAIN", long)
    assert begun.command == "AUTH PLAIN"
    assert plain(begun.respond("")) == b"\0u\0" + b"x" * MAX_SECRET
    most = (MAX_COMMAND - len("AUTH PLAIN ")) // 4 * 3 - len("\0u\0")
    assert len(exchange("PLAIN", Credentials("u", "x" * most)).command) <= MAX_COMMAND
    assert exchange("PLAIN", Credentials("u", "x" * (most + 1))).command[-5:] == "PLAIN"


def test_login() -> None:
    """LOGIN asks twice; what it says while asking is of no interest."""
    begun = exchange("LOGIN", US)
    assert begun.command == "AUTH LOGIN"
    assert plain(begun.respond("Username:")) == b"us"
    assert plain(begun.respond("UGFzc3dvcmQ6")) == "pässword-for-all".encode()
    with pytest.raises(ProtocolError):
        begun.respond("and?")


def test_cram_md5() -> None:
    """The example of RFC 2195 2."""
    begun = exchange("CRAM-MD5", Credentials("tim", "tanstaaftanstaaf"))
    assert begun.command == "AUTH CRAM-MD5"
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    answer = begun.respond(b64encode(challenge).decode())
    assert plain(answer) == b"tim b913a602c7eda7a495b4e6e7334d3890"


@pytest.mark.parametrize("text", ["", "<not base64>", "YQ", "ä"])
def test_no_challenge(text: str) -> None:
    """A digest of nothing, or of garbage, would be good for ever: it is not given."""
    with pytest.raises(ProtocolError, match="challenge"):
        exchange("CRAM-MD5", US).respond(text)


@pytest.mark.parametrize(
    ("extensions", "names"),
    [
        ({"AUTH": "LOGIN plain GSSAPI"}, ["PLAIN", "LOGIN"]),
        ({"AUTH=LOGIN": "CRAM-MD5"}, ["CRAM-MD5", "LOGIN"]),
        ({"AUTH": "XOAUTH2"}, []),
        ({"AUTH": ""}, []),
        ({"AUTHOR": "PLAIN"}, []),
        ({}, []),
    ],
)
def test_mechanisms(extensions: dict[str, str], names: list[str]) -> None:
    """What both speak, in our order, in today's and the old announcement."""
    assert mechanisms(extensions) == names


def test_no_secret_comes_back() -> None:
    """A server that repeats what it did not understand tells our log nothing."""
    begun = exchange("PLAIN", US)
    sent = begun.command.rpartition(" ")[2]
    echoed = Reply(500, ("5.5.2 what?", f"'AUTH PLAIN {sent[:20]}", "5.7.8 no"))
    cut = begun.without_secrets(echoed)
    assert cut.lines == ("5.5.2 what?", "'AUTH PLAIN ***", "5.7.8 no")
    login = exchange("LOGIN", Credentials("us", "hunter2"))
    login.respond("")
    sent = login.respond("")
    for secret in ("hunter2", sent):
        answer = login.without_secrets(Reply(535, (f"bad password {secret}",)))
        assert answer == Reply(535, ("bad password ***",))


@pytest.mark.parametrize(
    ("user", "password", "text"),
    [
        ("", "x", "user must have"),
        ("us", "", "password must have"),
        ("us", "x" * (MAX_SECRET + 1), "password must have"),
        ("us\0root", "x", "user holds"),
        ("us", "x\r\n", "password holds"),
    ],
)
def test_impossible(user: str, password: str, text: str) -> None:
    """What could not be sent is told, without the password."""
    with pytest.raises(ValueError, match=text) as caught:
        Credentials(user, password)
    assert password == "" or password not in str(caught.value)


def test_repr() -> None:
    """No password stands in a traceback or a log."""
    assert "pässword" not in repr(US)
    assert "pässword" not in repr(exchange("LOGIN", US))
    begun = exchange("PLAIN", US)
    assert begun.command.split(" ")[2] not in repr(begun)
