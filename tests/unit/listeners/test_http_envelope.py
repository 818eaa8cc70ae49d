"""The envelope from `X-Env-*` and from JSON: what is taken, and what is refused."""

from ipaddress import ip_address

import pytest
from twisted.web.http_headers import Headers

from sc.listeners.http.envelope import from_headers, from_json
from sc.listeners.http.errors import HttpError
from sc.model.envelope import Envelope

WHOLE = Envelope(
    sender="a@b.example",
    recipients=("u@example.org", '"v w"@example.org'),
    client_ip=ip_address("192.0.2.7"),
    client_port=4711,
    client_name="mail.b.example",
    helo="h.example",
    user="alice",
    queue_id="4Zx1",
    tls="TLSv1.3 TLS_AES_256",
)


def headers(*fields: tuple[str, str]) -> Headers:
    table = Headers()
    for name, value in fields:
        table.addRawHeader(name, value)
    return table


def test_whole_envelope_in_headers() -> None:
    """Everything that ecsd's documentation names, but SPF, is understood."""
    told = from_headers(
        headers(
            ("X-Env-From", "<a@b.example>"),
            ("x-env-rcpt", "<u@example.org>"),
            ("X-ENV-RCPT", '"v w"@example.org'),
            ("X-Env-IP", "[192.0.2.7]"),
            ("X-Env-Port", "4711"),
            ("X-Env-Hostname", "mail.b.example"),
            ("X-Env-Helo", "h.example"),
            ("X-Env-User", "alice"),
            ("X-Env-Queue-Id", "4Zx1"),
            ("X-Env-TLS-Cipher", "TLS_AES_256"),
            ("X-Env-TLS-Version", "TLSv1.3"),
        ),
        10,
    )
    assert told == WHOLE


def test_whole_envelope_in_json() -> None:
    """JSON tells the same."""
    told = from_json(
        {
            "from": "<a@b.example>",
            "rcpt": ["<u@example.org>", '"v w"@example.org'],
            "ip": "192.0.2.7",
            "port": 4711,
            "hostname": "mail.b.example",
            "helo": "h.example",
            "user": "alice",
            "queue_id": "4Zx1",
            "tls": "TLSv1.3 TLS_AES_256",
        },
        10,
    )
    assert told == WHOLE


def test_nothing_told() -> None:
    """What is not told is unknown, and not empty."""
    assert from_headers(Headers(), 10) == Envelope()
    assert from_json({}, 10) == Envelope()
    assert from_json({"from": None, "ip": "", "user": "", "port": ""}, 10) == Envelope()


@pytest.mark.parametrize("text", ["fe80::1%eth0", "[fe80::1%25eth0]", "fe80::1%a\nb"])
def test_zone(text: str) -> None:
    """An address goes into other protocols' lines without its zone."""
    assert str(from_json({"ip": text}, 10).client_ip) == "fe80::1"


@pytest.mark.parametrize("text", ["", "<>"])
def test_null_sender(text: str) -> None:
    """The null sender is a sender."""
    assert from_json({"from": text}, 10).sender == ""


def test_one_recipient_as_a_string() -> None:
    """One recipient needs no list."""
    assert from_json({"rcpt": "u@example.org"}, 10).recipients == ("u@example.org",)


def test_utf_8_address() -> None:
    """SMTPUTF8 addresses come as they are."""
    assert from_headers(headers(("X-Env-From", "ü@example.org")), 1).sender == (
        "ü@example.org"
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("X-Env-IP", "192.0.2.256", "X-Env-IP: not an IP address"),
        ("X-Env-IP", "unix:/x", "X-Env-IP: not an IP address"),
        ("X-Env-Port", "65536", "X-Env-Port: not a port"),
        ("X-Env-Port", "-1", "X-Env-Port: not a port"),
        ("X-Env-Port", "٣", "X-Env-Port: not a port"),
        ("X-Env-Rcpt", "<>", "X-Env-Rcpt: is empty"),
        ("X-Env-Rcpt", "a" * 513, "X-Env-Rcpt: longer than 512 octets"),
        ("X-Env-Helo", "a" * 256, "X-Env-Helo: longer than 255 octets"),
        ("X-Env-From", "ü" * 257, "X-Env-From: longer than 512 octets"),
        ("X-Env-Queue-Id", "a\tb", "X-Env-Queue-Id: has control characters"),
        ("X-Env-User", "a\x1b[31m", "X-Env-User: has control characters"),
        ("X-Env-TLS-Cipher", "a\u2028b", "X-Env-TLS-Cipher: has control characters"),
    ],
)
def test_bad_header(name: str, value: str, text: str) -> None:
    """The field that is wrong is named."""
    with pytest.raises(HttpError) as raised:
        from_headers(headers((name, value)), 10)
    assert (raised.value.status, raised.value.text) == (400, text)


@pytest.mark.parametrize("name", ["From", "IP", "Helo", "User", "Hostname"])
def test_given_twice(name: str) -> None:
    """Of two senders, which one it was cannot be guessed."""
    with pytest.raises(HttpError, match=f"X-Env-{name}: given more than once"):
        from_headers(headers((f"X-Env-{name}", "::1"), (f"X-Env-{name}", "::2")), 10)


def test_header_that_is_not_utf_8() -> None:
    """Octets that nobody could write into a log or a report are refused."""
    table = Headers()
    table.addRawHeader(b"X-Env-From", b"\xff@b.example")
    with pytest.raises(HttpError, match="X-Env-From: not UTF-8"):
        from_headers(table, 10)


def test_number_of_recipients() -> None:
    """As many recipients as the limit, and not one more."""
    assert len(from_json({"rcpt": ["a@b"] * 3}, 3).recipients) == 3
    with pytest.raises(HttpError, match=r"envelope\.rcpt: more than 3 recipients"):
        from_json({"rcpt": ["a@b"] * 4}, 3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "envelope: must be an object"),
        ({"tls_cipher": "x"}, "envelope.tls_cipher: there is no such field"),
        ({"X" * 99: "x"}, f"envelope.{'X' * 60}: there is no such field"),
        ({"from": 5}, "envelope.from: must be a string"),
        ({"from": ["a@b"]}, "envelope.from: must be a string"),
        ({"port": True}, "envelope.port: must be a string"),
        ({"port": 1.5}, "envelope.port: must be a string"),
        ({"port": 70000}, "envelope.port: not a port"),
        ({"rcpt": {}}, "envelope.rcpt: must be a string"),
        ({"rcpt": ["a@b", 1]}, "envelope.rcpt: must be a string or a list of strings"),
        ({"rcpt": "a@b\r\nRCPT TO:<c@d>"}, "envelope.rcpt: has control characters"),
        ({"from": "\udcff@b"}, "envelope.from: has control characters"),
    ],
)
def test_bad_json(value: object, text: str) -> None:
    """The member that is wrong is named."""
    with pytest.raises(HttpError) as raised:
        from_json(value, 10)
    assert (raised.value.status, raised.value.text) == (400, text)
