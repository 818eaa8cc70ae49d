"""Profiles, aliases and providers in the whole daemon: who hears what, how often."""

import json
import signal
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, cast

from tests.fakes.faults import Fault
from tests.fakes.smtp_relay import Script
from tests.fakes.web import FakeWeb, Request, http, serving_web
from tests.fakes.xarf import check
from tests.integration.daemon import PATIENCE, pause
from tests.integration.reports import DESK, SEND, World, reporting

HOSTER = "abuse@hosting.example"
SUBMIT = "submit.0123abcd@spam.spamcop.net"
LINK = (
    b"From: <spammer@spam.example>\r\nTo: <bob@example.org>\r\nSubject: buy\r\n\r\n"
    b"http://spamvertised.example/?to=bob@example.org\r\n"
)
SPAM = (
    b"Received: from [11.22.33.44]:40123 (helo=relay.transit.example)\r\n"
    b"\tby mx.example.org with esmtp (Exim 4.96); Mon, 4 May 2026 12:30:00 +0000\r\n"
) + LINK

ACCOUNT = "accounts/0a1b/abuse-reports/abuse_general"
SAID: Mapping[str, tuple[int, Any]] = {
    f"/{ACCOUNT}": (
        200,
        {"abuse_rand": "5f2", "request": {"act": "a"}, "result": "success"},
    ),
    "/submissions/add/ip": (200, {"status": 200, "id": "3f9a"}),
    "/report": (
        200,
        {"data": {"ipAddress": "11.22.33.44", "abuseConfidenceScore": 52}},
    ),
    "/report/urls": (200, {"message": "Successfully reported", "uuid": "0" * 32}),
}
"""What each provider answers when all is well, as it documents it."""


def saying(more: str, wait: str = "60") -> Callable[[str], str]:
    """The same configuration with more in `abuse_report`."""
    return lambda config: config.replace("wait: 5}", f"wait: {wait}, {more}}}")


def providers(base: str, **others: str) -> Callable[[str], str]:
    """@param others: further options, by provider."""
    options = {
        "cloudflare": "account_id: 0a1b, key: c-key, networks: [203.0.113.0/24]",
        "spamhaus": "key: s-key",
        "netcraft": "",
        "abuseipdb": "key: a-key",
    }
    told = [
        f"{name}: {{enabled: true, base: '{base}', {options[name]}}}"
        for name in options
    ]
    told += [f"{name}: {{{option}}}" for name, option in others.items()]
    return saying(f"providers: {{{', '.join(told)}}}")


def well(request: Request) -> bytes:
    status, said = SAID[request.path]
    return http(status, json.dumps(said).encode())


def mails(world: World) -> dict[str, Message]:
    """By their one recipient."""
    found = {}
    for mail in world.mails:
        (recipient,) = mail.recipients
        found[recipient.partition("<")[2].rstrip(">")] = message_from_bytes(mail.wire)
    assert len(found) == len(world.mails)
    return found


async def test_xarf(tmp_path: Path) -> None:
    """A desk whose profile says so gets a valid XARF report, the other one ARF."""
    extra = saying("profiles: {transit.example: {format: xarf, auto_submitted: true}}")
    async with reporting(tmp_path, Script(), extra) as world:
        await world.post(SPAM, SEND)
        await world.settles("sent", "sent")
        found = mails(world)
    assert set(found) == {DESK, HOSTER}
    words, fields, enclosed = cast(list[Message], found[DESK].get_payload())
    assert "This report in XARF v4" in cast(str, words.get_payload())
    assert cast(Any, fields.get_payload())[0]["Feedback-Type"] == "xarf"
    assert enclosed.get_filename() == "xarf.json"
    octets = cast(bytes, enclosed.get_payload(decode=True))
    report = json.loads(octets)
    check(report)
    assert (report["source_identifier"], report["source_port"]) == (
        "11.22.33.44",
        40123,
    )
    assert found[DESK]["Auto-Submitted"] == "auto-generated"
    assert found[HOSTER]["Auto-Submitted"] is None
    assert cast(Any, found[HOSTER].get_payload())[2].get_content_type() == (
        "message/rfc822"
    )


async def test_alias(tmp_path: Path) -> None:
    """Who stands in a desk's place has the mail, and is the key of the answer."""
    extra = saying("aliases: {transit.example: noc@elsewhere.example}")
    async with reporting(tmp_path, Script(), extra) as world:
        said = await world.post(SPAM, SEND)
        await world.settles("sent", "sent")
        assert set(mails(world)) == {"noc@elsewhere.example", HOSTER}
        plain = await world.post(SPAM)
    (item,) = said["complaints"]["noc@elsewhere.example"]
    assert item["whois-abuse-email"] == DESK
    assert set(plain["complaints"]) == {DESK, HOSTER}


async def test_providers(tmp_path: Path) -> None:
    """Each gets what it takes, in its own shape, once, and nobody a recipient."""
    async with serving_web(well) as web:
        extra = providers(web.base, spamcop=f"address: {SUBMIT}")
        async with reporting(tmp_path, Script(), extra) as world:
            said = await world.post(SPAM, SEND)
            reports = await world.settles(*["sent"] * 6)
            again = await world.post(SPAM, SEND)
            assert again["abuse_report"]["duplicate"]
            found = mails(world)
    assert set(said["complaints"]) == {DESK, "cloudflare"}
    assert set(found) == {DESK, SUBMIT}
    assert {(r["contact"], r["route"]) for r in reports} == {
        (DESK, "smtp"),
        ("spamcop", "smtp"),
        *((name, name) for name in ("abuseipdb", "cloudflare", "netcraft", "spamhaus")),
    }
    assert sorted(web.paths) == sorted(SAID)
    keys = {
        r.path: r.headers.get("authorization", r.headers.get("key"))
        for r in web.requests
    }
    assert set(keys.values()) == {"Bearer c-key", "Bearer s-key", "a-key", None}
    assert not any(b"bob" in request.body for request in web.requests)
    reasons = {r["contact"]: r["reason"] for r in reports}
    assert reasons["netcraft"] == "200 " + "0" * 32
    assert reasons["cloudflare"] == "200 5f2"


async def test_spamcop(tmp_path: Path) -> None:
    """The message itself, redacted, attached to one mail to the submission address."""
    extra = saying(f"providers: {{spamcop: {{address: {SUBMIT}}}}}")
    async with reporting(tmp_path, Script(), extra) as world:
        await world.post(SPAM, SEND)
        await world.settles("sent", "sent", "sent")
        found = mails(world)
        assert "spamcop" not in await desks(world)
    assert set(found) == {DESK, HOSTER, SUBMIT}
    mail = found[SUBMIT]
    assert mail.get_content_type() == "multipart/mixed"
    _words, attached = cast(list[Message], mail.get_payload())
    assert attached.get_content_type() == "message/rfc822"
    (inner,) = cast(list[Message], attached.get_payload())
    assert inner["Subject"] == "buy"
    assert "11.22.33.44" in inner["Received"]
    assert "bob@" not in mail.as_string()
    assert "to=redacted-" in cast(str, inner.get_payload())


async def test_refusals(tmp_path: Path) -> None:
    """A quota ends some time, and it says when; a wrong key is for a person."""
    over = {"errors": [{"detail": "Daily rate limit exceeded", "status": 429}]}
    wrong = {"status": 401, "message": "Invalid token"}

    def answer(request: Request) -> bytes:
        if request.path == "/report":
            return http(429, json.dumps(over).encode(), {"Retry-After": "7200"})
        if request.path == "/submissions/add/ip":
            return http(401, json.dumps(wrong).encode())
        return well(request)

    async with serving_web(answer) as web:
        extra = providers(web.base)
        async with reporting(tmp_path, Script(), extra) as world:
            await world.post(SPAM, SEND)
            states = ["sent", "sent", "sent", "deferred", "failed"]
            found = {r["contact"]: r for r in await world.settles(*states)}
            assert not any(key in world.daemon.log for key in ("a-key", "s-key"))
    over_quota, refused = found["abuseipdb"], found["spamhaus"]
    assert over_quota["reason"] == "429 Daily rate limit exceeded"
    assert over_quota["next_attempt"] >= over_quota["changed"] + 7200
    assert refused["reason"] == "401 Invalid token: check its key, then retry"
    assert refused["next_attempt"] is None
    assert len(web.requests) == 4


async def test_kill(tmp_path: Path) -> None:
    """Killed when the provider has the report: uncertain, and not told again."""
    async with serving_web(well, Fault.HANG) as web:
        extra = saying(
            f"providers: {{cloudflare: {{enabled: true, base: '{web.base}', key: k,"
            " account_id: 0a1b, networks: [203.0.113.0/24]}}",
            wait="0.3",
        )
        async with reporting(tmp_path, Script(), extra) as world:
            await world.post(LINK, SEND)
            await arrived(web)
            world.daemon.signal(signal.SIGKILL)
            await world.daemon.exited
            path = tmp_path / "sc.yaml"
            path.write_text(path.read_text().replace("wait: 0.3", "wait: 60"))
            await world.restart()
            await world.settles("uncertain")
            again = (await world.post(LINK, SEND))["abuse_report"]
            assert (again["sent"], again["duplicate"]) == (False, True)
            await world.settles("uncertain")
    assert web.paths == [f"/{ACCOUNT}"]


async def test_reload(tmp_path: Path) -> None:
    """A provider that is switched on by SIGHUP is told."""
    async with serving_web(well) as web, reporting(tmp_path, Script()) as world:
        path = tmp_path / "sc.yaml"
        path.write_text(providers(web.base)(path.read_text()))
        world.daemon.signal(signal.SIGHUP)
        await world.daemon.saw("configuration reloaded")
        await world.post(SPAM, SEND)
        await world.settles(*["sent"] * 5)
    assert sorted(web.paths) == sorted(SAID)


async def arrived(web: FakeWeb) -> None:
    """Return when the first whole request has come."""
    for _ in range(int(PATIENCE / 0.05)):
        if web.requests:
            return
        await pause(0.05)
    raise AssertionError("nothing came")


async def desks(world: World) -> str:
    """What `scctl desks` shows."""
    return json.dumps(await world.get("/v1/desks"))
