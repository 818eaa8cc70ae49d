"""Our relay client against a real Postfix with TLS and Cyrus SASL.

Mail: Relay -> smtpd (STARTTLS or TLS from the start, AUTH) -> virtual(8) -> maildir.
"""

from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.interfaces import IReactorTime

from sc.config.load import Source
from sc.config.schema import load
from sc.net.relay import Delivery, Relay, RelayError, RelaySettings, relay_endpoint
from sc.wire.smtp_dsn import Dsn, Return
from sc.wire.smtp_opening import Tls
from tests.integration.postfix import NAME, PASSWORD, USER, Postfix, running

pytestmark = pytest.mark.peer

HEADER = b"Subject: dots\r\n\r\n"
BODY = b".\r\n..\r\n.a\r\n" + bytes(range(128, 256)) + b"\r\n" + b".line\r\n" * 20_000
MAIL = Delivery("us@example.org", ("abuse@desk.test",), HEADER, BODY)
LOGIN: dict[str, Any] = {"user": USER, "password": PASSWORD}


def settings(postfix: Postfix, **more: Any) -> RelaySettings:
    usual = {"tls_name": NAME, "ca_file": postfix.ca_file, **LOGIN}
    return RelaySettings(f"127.0.0.1:{postfix.starttls}", **{**usual, **more})


def relay(settings: RelaySettings) -> Relay:
    endpoint = relay_endpoint(settings, reactor)
    return Relay(settings, endpoint, cast(IReactorTime, reactor), "us.example")


async def error(settings: RelaySettings) -> str:
    with pytest.raises(RelayError) as caught:
        await relay(settings).deliver(MAIL)
    assert not caught.value.uncertain
    return str(caught.value)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_exact_octets(mechanism: str) -> None:
    """STARTTLS, then each mechanism: every octet arrives, 8-bit ones as they are."""
    async with running(mechanism) as postfix:
        (reply,) = await relay(settings(postfix)).deliver(MAIL)
        assert (reply.code, reply.lines[0][:5]) == (250, "2.0.0")
        header, _, body = (await postfix.delivered()).partition(b"\n\n")
        assert b"\nSubject: dots" in header
        assert body == BODY.replace(b"\r\n", b"\n")
        await postfix.logged(f"sasl_method={mechanism}, sasl_username={USER}")


async def test_implicit(tmp_path: Path) -> None:
    """TLS from the start, as the configuration file says it."""
    async with running("PLAIN", "LOGIN", "CRAM-MD5") as postfix:
        (tmp_path / "secret").write_text(f"{PASSWORD}\n")
        (tmp_path / "sc.yaml").write_text(
            "abuse_report:\n  from: us@example.org\n  smtp:\n"
            f"    server: 127.0.0.1:{postfix.implicit}\n    tls: implicit\n"
            f"    tls_name: {NAME}\n    ca_file: {postfix.ca_file}\n"
            f"    user: {USER}\n    password_file: {tmp_path}/secret\n"
        )
        smtp = load(Source("sc.yaml", tmp_path / "sc.yaml")).abuse_report.smtp
        assert smtp is not None
        (reply,) = await relay(smtp).deliver(MAIL)
        assert reply.code == 250
        await postfix.delivered()
        await postfix.logged("sasl_method=PLAIN")


async def test_refused() -> None:
    """A wrong password, name, CA or kind of TLS: named, and nothing was taken."""
    async with running("PLAIN") as postfix:
        good = settings(postfix)
        assert await error(evolve(good, password="wrong")) == (
            "refuses our user and password: 535 5.7.8 Error: authentication failed:"
            " authentication failure"
        )
        assert await error(evolve(good, tls_name="mx.example")) == (
            f"its certificate is for {NAME}, not for mx.example; see tls_name"
        )
        assert "see ca_file" in await error(evolve(good, ca_file=None))
        assert "TLS failed: " in await error(evolve(good, tls=Tls.IMPLICIT))
        text = await error(evolve(good, tls=Tls.OFF, user=None, password=None))
        assert text.endswith("530 5.7.0 Must issue a STARTTLS command first")
        assert "virtual" not in postfix.log()


async def test_other_mechanism() -> None:
    """A server that only speaks what we do not is told apart from a wrong password."""
    async with running("SCRAM-SHA-256") as postfix:
        assert (await error(settings(postfix))).startswith("offers no AUTH that we")


async def test_smtputf8() -> None:
    """An address outside ASCII is taken by a server that offers SMTPUTF8."""
    async with running("PLAIN") as postfix:
        mail = evolve(MAIL, recipients=("j\u00fcrgen@desk.test",))
        (reply,) = await relay(settings(postfix)).deliver(mail)
        assert reply.code == 250
        delivered = await postfix.delivered()
        assert "Delivered-To: j\u00fcrgen@desk.test".encode() in delivered


async def test_bounce_names_the_report() -> None:
    """The bounce holds our ENVID, and no more than the header of the mail."""
    async with running("PLAIN") as postfix:
        mail = evolve(
            MAIL,
            sender="bounces@desk.test",
            recipients=("gone@elsewhere.test",),
            dsn=Dsn("report-1+x", Return.HEADERS),
        )
        (reply,) = await relay(settings(postfix)).deliver(mail)
        assert reply.code == 250
        bounce = await postfix.delivered()
        assert b"Original-Envelope-Id: report-1+x" in bounce
        assert b"Subject: dots" in bounce
        assert b".line" not in bounce
