"""Who may come in: tokens, and no web page of a stranger."""

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from sc.listeners.http.settings import HttpSettings
from tests.fakes.flow import stub_flow
from tests.fakes.http_door import ADMIN_TOKEN, SCAN_TOKEN, STRANGER, Client

PROXIED = HttpSettings(hosts=("sc.example.com",))


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


@pytest.mark.parametrize(
    "fields",
    [
        ("Host: localhost",),
        ("Host: LOCALHOST.:5000",),
        ("Host: 127.0.0.1:5000",),
        ("Host: 127.8.9.1",),
        ("Host: [::1]:5000",),
        ("Host:",),
        ("Host: localhost:5000", "Origin: http://localhost:5000"),
        ("Host: 127.0.0.1", "Origin: http://127.0.0.1:80"),
        ("Host: localhost:443", "Origin: https://localhost"),
        ("Host: localhost", "Sec-Fetch-Site: same-origin"),
        ("Host: sc.example.com",),
        ("Host: SC.example.com:8443", "Origin: https://sc.example.com"),
        ("Host: localhost:5000", "Origin: https://sc.example.com"),
    ],
)
def test_our_own_pages_and_programs(fields: tuple[str, ...]) -> None:
    """Programs, and pages that came from here, may post."""
    assert Client(settings=PROXIED).post("/scan", b"x", *fields).status == 200


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (("Host: evil.example",), "Host 'evil.example' is not a name of this daemon"),
        (("Host: evil.example:5000",), "Host "),
        (("Host: localhost.evil.example",), "Host "),
        (("Host: 192.0.2.1:5000",), "Host "),
        (("Host: a b",), "Host "),
        (("Host: localhost:5000:1",), "Host "),
        (("Origin: http://evil.example",), "Origin 'http://evil.example' is another"),
        (("Origin: null",), "Origin "),
        (("Origin: http://localhost:3000",), "Origin "),
        (("Origin: http://localhost:5000@evil.example",), "Origin "),
        (("Origin: ftp://localhost:5000",), "Origin "),
        (("Origin: ",), "Origin "),
        (("Host:", "Origin: http://localhost:5000"), "Origin "),
        (("Sec-Fetch-Site: cross-site",), "other web sites"),
    ],
)
@pytest.mark.parametrize("body", [b"x", b""])
def test_pages_of_strangers(fields: tuple[str, ...], text: str, body: bytes) -> None:
    """A stranger's page cannot post here, under whatever name it reaches us."""
    flow = stub_flow()
    reply = Client(flow).post("/scan", body, *fields)
    assert (reply.status, text in reply.error) == (403, True)
    assert not flow.seen


@pytest.mark.parametrize(
    "own",
    [
        IPv4Address("TCP", "192.0.2.1", 5000),
        IPv6Address("TCP", "::ffff:192.0.2.1", 5000),
    ],
)
def test_our_own_address(own: object) -> None:
    """An address, unlike a name, cannot be given to us by a stranger."""
    client = Client(host=own)  # type: ignore[arg-type]  # both are IAddress
    assert client.post("/scan", b"x", "Host: 192.0.2.1:5000").status == 200


@pytest.mark.parametrize("twice", ["Host", "Origin", "Authorization"])
def test_given_twice(twice: str) -> None:
    """Two of these are a trick."""
    fields = (f"{twice}: localhost", f"{twice}: evil.example")
    reply = Client().post("/scan", b"x", *fields)
    assert (reply.status, reply.error) == (400, f"{twice} is given more than once")


def test_reading_is_for_every_host() -> None:
    """Probes call us by addresses that we do not know; reading changes nothing."""
    assert Client().get("/healthz", "Host: 10.1.2.3:5000").status == 200


def test_stranger() -> None:
    """A client from elsewhere needs a token."""
    reply = Client(peer=STRANGER).get("/status/scannersAll")
    assert (reply.status, reply.fields["www-authenticate"]) == (401, "Bearer")
    assert reply.error == "needs a token with the right scan"


def test_wrong_token() -> None:
    """A token that we do not know is like none."""
    reply = Client(peer=STRANGER).post("/scan", b"x", bearer("guess"))
    assert reply.status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_token(scheme: str) -> None:
    """A token has its rights wherever it comes from."""
    client = Client(peer=STRANGER)
    field = f"Authorization: {scheme} {SCAN_TOKEN}"
    assert client.post("/scan", b"x", field).status == 200


def test_token_without_this_right() -> None:
    """A token that is known, but not good for this, is 403."""
    reply = Client(peer=STRANGER).post("/", b"x", bearer(SCAN_TOKEN))
    assert (reply.status, reply.error) == (403, "this token has not the right report")


def test_loopback_is_no_admin() -> None:
    """Any user of this machine could cancel reports."""
    assert Client().get("/v1/outbox").status == 401
    assert Client().get("/v1/outbox", bearer(ADMIN_TOKEN)).status == 200


def test_unix_socket() -> None:
    """A UNIX socket that everybody may open is like loopback."""
    client = Client(peer=UNIXAddress(None), host=UNIXAddress("/nonexistent"))
    assert client.post("/scan", b"x").status == 200
    assert client.post("/scan", b"x", "Host: 192.0.2.1").status == 403


@pytest.mark.parametrize("host", ["", "http://a", "a:80", "a b", "a/b", "[::1]"])
def test_bad_setting(host: str) -> None:
    """A name that no client could ever send is refused at start."""
    with pytest.raises(ValueError, match="must be a host name"):
        HttpSettings(hosts=(host,))
