"""A registry that answers nonsense, or leads elsewhere: a warning says so, and the
rest of the report goes on."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.dns import serving_dns
from tests.fakes.faults import Fault
from tests.fakes.internet import NETWORKS, ZONE
from tests.fakes.rdap import TYPE, FakeRDAP
from tests.fakes.smtp_relay import Script
from tests.fakes.web import Answer, Request, http
from tests.integration.reports import (
    DESK,
    SEND,
    SPAM,
    Said,
    World,
    asking,
    registry,
    reporting,
)

OTHER = "abuse@hosting.example"
LINKED = SPAM + b"http://spamvertised.example/\r\n"
KNOWN = f", timeout: 1, overrides: {{'203.0.113.0/24': {OTHER}}}"
"""The link's desk is the operator's word; only the relay's is asked for."""


def always(octets: bytes) -> Answer:
    def answer(_request: Request) -> bytes:
        return octets

    return answer


def found(body: bytes) -> Answer:
    return always(http(200, body, {"Content-Type": TYPE}))


def redirects(target: str) -> Answer:
    return always(http(302, b"", {"Location": target}))


def many(count: int) -> bytes:
    """JSON that is one object of a million small ones."""
    return b'{"objectClassName": "ip network", "entities": [' + b"{}," * count + b"{}]}"


NONSENSE: dict[str, Answer] = {
    "html": found(b"<html>sign in</html>"),
    "half": found(b'{"objectClassName": "ip network", "ent'),
    "list": found(b"[" * 100_000),
    "number": found(b'{"objectClassName": 1e999999, "x": ' + b"9" * 10_000 + b"}"),
    "wrong types": found(b'{"entities": {"roles": 7}, "startAddress": []}'),
    "many": found(many(1_000_000)),
    "huge": found(json.dumps({"x": "y" * 10_000_000}).encode()),
    "endless": always(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000),
    "endless header": always(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000),
    "no http": always(b"220 mail.example ESMTP\r\n"),
    "file": redirects("file:///etc/passwd"),
    "other port": redirects("gopher://127.0.0.1:25/"),
    "nowhere": redirects("http://nowhere.example/ip/11.22.33.44"),
    "circle": redirects("/ip/11.22.33.44"),
    "500": always(http(500, b"{}")),
    "429": always(http(429, b"{}", {"Retry-After": "9" * 400})),
}


async def reports_the_rest(world: World) -> Said:
    """Asked with `send`: the link's desk hears of it, the relay's is a warning."""
    said = await world.post(LINKED, SEND)
    assert list(said["complaints"]) == [OTHER]
    (warning,) = [text for text in said["warnings"] if "11.22.33.44" in text]
    assert len(warning) < 400
    assert [r["contact"] for r in said["abuse_report"]["reports"]] == [OTHER]
    await world.settles("sent")
    return said


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense(tmp_path: Path, name: str) -> None:
    """Whatever a registry answers, it is one warning and no mail to anybody else."""
    async with (
        registry(NONSENSE[name], None) as asked,
        reporting(tmp_path, Script(), asking(asked.base, KNOWN)) as world,
    ):
        await reports_the_rest(world)
        assert asked.requests


@pytest.mark.parametrize(
    "fault", [Fault.HANG, Fault.RESET, Fault.DRIP, Fault.TRUNCATE, Fault.GARBAGE]
)
async def test_fails(tmp_path: Path, fault: Fault) -> None:
    """A registry that breaks off or never ends is a warning after its `timeout`."""
    async with (
        registry(FakeRDAP(NETWORKS).answer, fault) as asked,
        reporting(tmp_path, Script(), asking(asked.base, KNOWN)) as world,
    ):
        await reports_the_rest(world)


async def test_another_desk_in_the_answer(tmp_path: Path) -> None:
    """An address with a line end in it is no desk, and never reaches a mail."""
    evil = json.dumps(NETWORKS["11.22.33.0/24"]).replace(
        DESK, "a@b.example\\r\\nBcc: victim@c.example"
    )
    async with (
        registry(found(evil.encode()), None) as asked,
        reporting(tmp_path, Script(), asking(asked.base, KNOWN)) as world,
    ):
        await world.post(LINKED, SEND)
        reports = await world.settles("sent", "sent")
        assert {r["rcpt_to"] for r in reports} == {OTHER, "noc@transit.example"}
        assert all(b"victim" not in mail.wire for mail in world.mails)
        assert "victim" not in "".join("".join(m.recipients) for m in world.mails)


def only_public(servers: str, base: str) -> Callable[[str], str]:
    """The default destinations, our own name server, and a base that leads inside."""

    def changed(config: str) -> str:
        lines = [x for x in config.splitlines() if not x.startswith("resolver:")]
        own = f"resolver: {{servers: ['{servers}'], destinations: public}}\n"
        return asking(base, KNOWN)("\n".join([*lines, own]))

    return changed


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://inside.example:{port}/",
        "http://inside.example/",
        "http://alias.example/",
        "http://private.example/",
    ],
)
async def test_leads_inside(tmp_path: Path, base: str) -> None:
    """By default nothing connects to our own networks, whatever a name resolves to."""
    zone = {
        **ZONE,
        "inside.example": ["127.0.0.1", "::1"],
        "alias.example": "inside.example",
        "private.example": ["10.0.0.1", "169.254.169.254"],
    }
    async with (
        serving_dns(zone) as dns,
        registry(FakeRDAP(NETWORKS).answer, None) as asked,
        reporting(
            tmp_path, Script(), only_public(dns.address, base.format(port=asked.port))
        ) as world,
    ):
        await reports_the_rest(world)
        assert not asked.requests
