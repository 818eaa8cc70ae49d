"""sc.net.relay over TLS: whose certificate it is, and what is never said in clear."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from attrs import frozen
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
)
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from sc.net.relay import Delivery, Relay, RelayError, RelaySettings, relay_endpoint
from sc.net.relay_connection import RelayConnection
from sc.net.relay_tls import Trust
from sc.wire.smtp import Reply
from sc.wire.smtp_client import SmtpClient
from sc.wire.smtp_mail import Dialect
from sc.wire.smtp_opening import Tls
from tests.fakes.certificates import CERT, NAME, ServerTls, ca_file, issued, itself
from tests.fakes.faults import AFTER_CONNECT, Fault, serving
from tests.fakes.smtp_relay import FakeRelay, Script

OFFER = ("PIPELINING", "AUTH PLAIN", "STARTTLS")
MAIL = Delivery("us@example.org", ("a@b.org",), b"A: b\r\n", b"\r\n.hi\r\n")
TAKEN = (Reply(250, ("2.0.0 taken",)),)
LOGIN: dict[str, Any] = {"user": "us", "password": "secret"}


@frozen
class Setting:
    relay: Relay
    clock: Clock
    fakes: list[FakeRelay]

    async def error(self) -> str:
        """Why it does not deliver; in doubt it never is."""
        with pytest.raises(RelayError) as caught:
            await self.relay.deliver(MAIL)
        assert not caught.value.uncertain
        return str(caught.value)

    def said(self) -> list[str]:
        return self.fakes[0].commands


@asynccontextmanager
async def playing(
    folder: Path, script: Script, path: Path | None = None, **more: Any
) -> AsyncIterator[Setting]:
    """A relay with a certificate, and our client that trusts its CA."""
    fakes: list[FakeRelay] = []

    def build() -> FakeRelay:
        fakes.append(FakeRelay(script))
        return fakes[-1]

    usual = {"tls": Tls.REQUIRED, "tls_name": NAME, "ca_file": ca_file(folder)}
    async with serving(build, path) as (address, _):
        settings = RelaySettings(address, **{**usual, **more})
        endpoint, clock = relay_endpoint(settings, reactor), Clock()
        yield Setting(Relay(settings, endpoint, clock, "us.example"), clock, fakes)
    assert clock.getDelayedCalls() == []


def showing(*names: str, **more: Any) -> Script:
    """A relay whose certificate holds these names."""
    return Script(extensions=OFFER, tls=ServerTls(issued(*names, **more)))


async def turn() -> None:
    later: Deferred[None] = Deferred()
    reactor.callLater(0, later.callback, None)
    await later


@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.OPPORTUNISTIC])
async def test_starttls(tmp_path: Path, tls: Tls) -> None:
    """Only EHLO and STARTTLS are said in clear; the octets arrive as they are."""
    async with playing(tmp_path, showing(NAME), tls=tls) as setting:
        assert await setting.relay.deliver(MAIL) == TAKEN
        (fake,) = setting.fakes
        assert setting.said()[:3] == ["EHLO us.example", "STARTTLS", "EHLO us.example"]
        assert fake.secured_at == 2
        assert fake.mails[0].wire == b"A: b\r\n\r\n..hi\r\n.\r\n"


async def test_implicit_over_a_socket(tmp_path: Path) -> None:
    """TLS from the start, LMTP, a UNIX socket: all at once."""
    cert = ServerTls(issued(NAME))
    script = Script(extensions=OFFER, tls=cert, implicit=True)
    more = {"tls": Tls.IMPLICIT, "protocol": Dialect.LMTP}
    async with playing(tmp_path, script, tmp_path / "lmtp", **more) as setting:
        assert await setting.relay.deliver(MAIL) == TAKEN
        assert setting.fakes[0].secured_at == 0
        assert setting.said()[0] == "LHLO us.example"


async def test_large_message(tmp_path: Path) -> None:
    """A large message goes through TLS whole, in a bounded buffer."""
    body = (b"." * 62 + b"\r\n") * 50_000
    async with playing(tmp_path, showing(NAME)) as setting:
        delivery = Delivery("", ("a@b.org",), b"", body)
        assert await setting.relay.deliver(delivery) == TAKEN
        wire = setting.fakes[0].mails[0].wire
    assert wire == (b"." * 63 + b"\r\n") * 50_000 + b".\r\n"


@pytest.mark.parametrize("where", ["password", "password_file"])
async def test_login(tmp_path: Path, where: str) -> None:
    """The password goes within TLS, from the configuration or from its file."""
    login: dict[str, Any] = LOGIN
    if where == "password_file":
        (tmp_path / "secret").write_text("secret\n")
        login = {"user": "us", "password_file": str(tmp_path / "secret")}
    async with playing(tmp_path, showing(NAME), **login) as setting:
        assert await setting.relay.deliver(MAIL) == TAKEN
        assert await setting.relay.deliver(MAIL) == TAKEN
        assert setting.said()[3] == "AUTH PLAIN AHVzAHNlY3JldA=="
        assert setting.fakes[0].secured_at == 2


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            showing("other.example", "192.0.2.7"),
            "its certificate is for other.example, 192.0.2.7, not for relay.example; ",
        ),
        (showing(NAME, days=-30), "its certificate has expired on 20"),
        (showing(NAME, ca=trustme.CA()), "its certificate is not trusted: unknown "),
        (showing("*.example.org"), "its certificate is for *.example.org, not for"),
    ],
)
@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.OPPORTUNISTIC])
async def test_wrong_certificate(
    tmp_path: Path, script: Script, text: str, tls: Tls
) -> None:
    """A wrong certificate is named, and nothing is sent: not in TLS, not in clear."""
    async with playing(tmp_path, script, tls=tls) as setting:
        assert (await setting.error()).startswith(text)
        await setting.fakes[0].lost
        assert setting.said() == ["EHLO us.example", "STARTTLS"]


async def test_not_yet_valid(tmp_path: Path) -> None:
    """A clock that is behind, here or there, can be told from an old certificate."""
    future = trustme.CA()
    leaf = ServerTls(issued(NAME, days=30, ca=future, begins=10))
    async with playing(tmp_path, Script(extensions=OFFER, tls=leaf)) as setting:
        future.cert_pem.write_to_path(setting.relay.settings.ca_file or "")
        error = await setting.error()
    assert error.startswith("its certificate is not valid before 20")


async def test_by_address(tmp_path: Path) -> None:
    """A relay given by its address may have that in its certificate."""
    async with playing(tmp_path, showing("127.0.0.1"), tls_name=None) as setting:
        assert await setting.relay.deliver(MAIL) == TAKEN
    async with playing(tmp_path, showing(NAME), tls_name="127.0.0.1") as setting:
        assert "not for 127.0.0.1" in await setting.error()


async def test_system_roots_only(tmp_path: Path) -> None:
    """Without a CA file only the system's roots count."""
    async with playing(tmp_path, showing(NAME), ca_file=None) as setting:
        error = await setting.error()
    assert error.startswith("its certificate is not trusted: unknown ")
    assert error.endswith("); see ca_file")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "ca_file cannot be read: No such file or directory"),
        ("no certificate", "ca_file holds no PEM certificate"),
    ],
)
async def test_bad_ca_file(tmp_path: Path, content: str | None, text: str) -> None:
    """A CA file of no use is named by its option, and read again when it is mended."""
    path = tmp_path / "own"
    if content is not None:
        path.write_text(content)
    async with playing(tmp_path, showing(NAME), ca_file=str(path)) as setting:
        assert await setting.error() == text
        path.write_bytes((tmp_path / "ca.pem").read_bytes())
        assert await setting.relay.deliver(MAIL) == TAKEN


async def test_plain_text_where_tls_was_meant(tmp_path: Path) -> None:
    """Implicit TLS at a port that greets in clear."""
    async with playing(tmp_path, Script(), tls=Tls.IMPLICIT) as setting:
        error = await setting.error()
    assert error in (
        "TLS failed: wrong version number",
        "TLS failed: packet length too long",
    )


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            Script(extensions=("PIPELINING",)),
            "offers no STARTTLS, and `tls` asks for it: nothing is sent in clear",
        ),
        (
            Script(extensions=OFFER, replies={"STARTTLS": b"454 4.7.0 not now\r\n"}),
            "refuses STARTTLS: 454 4.7.0 not now",
        ),
        (
            Script(
                extensions=OFFER, replies={"STARTTLS": b"220 go\r\n250 injected\r\n"}
            ),
            "TLS failed: the server closed the connection",
        ),
    ],
)
async def test_no_tls(tmp_path: Path, script: Script, text: str) -> None:
    """A relay without TLS gets nothing, and the reason says what to look at."""
    async with playing(tmp_path, script, **LOGIN) as setting:
        waiting = Deferred.fromCoroutine(setting.error())
        while "STARTTLS" not in str(setting.fakes and setting.said()):
            if waiting.called:
                break
            await turn()
        if "closed" in text:
            for _ in range(10):
                await turn()
            setting.fakes[0].transport.loseConnection()
        assert await waiting == text
        assert setting.said()[1:] in ([], ["STARTTLS"])


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"535 5.7.8 no\r\n", "refuses our user and password: 535 5.7.8 no"),
        (b"454 4.7.0 later\r\n", "refuses our user and password: 454 4.7.0 later"),
        (
            b"500 what is 'AUTH PLAIN AHVzAHNlY3JldA=='\r\n",
            "refuses our user and password: 500 what is 'AUTH PLAIN ***",
        ),
    ],
)
async def test_password_refused(tmp_path: Path, reply: bytes, text: str) -> None:
    """A refused password delays the mail, and is not told on."""
    script = Script(OFFER, {"AUTH": reply}, tls=ServerTls(issued(NAME)))
    async with playing(tmp_path, script, **LOGIN) as setting:
        assert await setting.error() == text
        assert setting.said()[-1].startswith("AUTH")


async def test_wants_more_of_us() -> None:
    """530 means our settings: the mail waits instead of failing for good."""
    script = Script(replies={"MAIL": b"530 5.7.0 Must issue STARTTLS first\r\n"})
    async with serving(lambda: FakeRelay(script)) as (address, _):
        settings = RelaySettings(address)
        relay = Relay(settings, relay_endpoint(settings, reactor), Clock(), "us")
        with pytest.raises(
            RelayError, match=r"refuses mail without TLS .* 530 5\.7\.0"
        ):
            await relay.deliver(MAIL)


@pytest.mark.parametrize("step", ["STARTTLS", "AUTH"])
@pytest.mark.parametrize("fault", AFTER_CONNECT)
async def test_faults(tmp_path: Path, fault: Fault, step: str) -> None:
    """A relay that fails in the middle of it is an error in time, nothing in doubt."""
    cert = ServerTls(issued(NAME))
    script = Script(OFFER, tls=cert, fault=fault, fault_at=step)
    async with playing(tmp_path, script, **LOGIN) as setting:
        waiting = Deferred.fromCoroutine(setting.error())
        while not setting.fakes:
            await turn()
        await setting.fakes[0].faulted
        for _ in range(50):
            await turn()
        if fault in (Fault.HANG, Fault.DRIP):
            setting.clock.pump([20.0] * 10)
        await waiting
        assert setting.said()[-1][:4] == step[:4]


async def test_hangs_in_the_handshake(tmp_path: Path) -> None:
    """A relay that says 220 and no more is given up in time."""
    async with playing(tmp_path, Script(extensions=OFFER)) as setting:
        waiting = Deferred.fromCoroutine(setting.error())
        while not (setting.fakes and setting.fakes[0].secured_at):
            await turn()
        for _ in range(10):
            await turn()
        setting.clock.pump([20.0] * 4)
        assert await waiting == "no TLS handshake within 60 s"


def forged(pem: bytes) -> bytes:
    """The same with another signature."""
    key, certificate = pem[: pem.index(CERT)], load_pem_x509_certificate(pem)
    der = bytearray(certificate.public_bytes(Encoding.DER))
    der[-1] ^= 1
    return key + ssl.DER_cert_to_PEM_cert(bytes(der)).encode()


@pytest.mark.parametrize(
    ("pem", "text"),
    [
        (issued(), "its certificate is for no name, not for relay.example"),
        (itself(), "its certificate is for no name, not for relay.example"),
        (forged(issued(NAME)), "its certificate is not valid (X.509 error 7)"),
    ],
)
async def test_strange_certificate(tmp_path: Path, pem: bytes, text: str) -> None:
    """What real servers never show is told as well."""
    script = Script(extensions=OFFER, tls=ServerTls(pem))
    async with playing(tmp_path, script) as setting:
        assert (await setting.error()).startswith(text)


async def test_no_password_yet(tmp_path: Path) -> None:
    """Without its password file nothing is tried at all."""
    login: dict[str, Any] = {"user": "us", "password_file": str(tmp_path / "missing")}
    async with playing(tmp_path, showing(NAME), **login) as setting:
        assert (await setting.error()).startswith("password_file cannot be read")
        assert setting.fakes == []


def test_interfaces(tmp_path: Path) -> None:
    """What Twisted calls is there."""
    connection = RelayConnection(SmtpClient("us", Dialect.SMTP), Clock())
    assert verifyObject(IHandshakeListener, connection)
    handshake = Trust(RelaySettings("mx.example:25")).handshake()
    assert verifyObject(IOpenSSLClientConnectionCreator, handshake)
