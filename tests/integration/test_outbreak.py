"""An outbreak in the whole daemon: from a user's viruses to the alarm and its end."""

import json
import sys
from email import message_from_bytes
from pathlib import Path
from typing import Any

from tests.fakes.smtp_relay import Script
from tests.fakes.web import Request, http, serving_web
from tests.integration.raw_client import http as posting
from tests.integration.raw_client import talk, transaction
from tests.integration.reports import World, reporting
from tests.programs import run

VIRUS = (
    b"From: <alice@example.org>\r\nSubject: read this\r\n\r\n"
    b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*\r\n"
)
"""The drill of docs/outbound.md: a virus counts, and this one harms nobody."""


def watching(base: str) -> str:
    return (
        "outbreak: {spam: 3, on_outbreak: block, notify: postmaster@example.org,"
        f" webhook: {{url: '{base}hook', private: true}}}}\n"
    )


async def scan(
    world: World, user: str = "alice", message: bytes = VIRUS
) -> dict[str, Any]:
    said = posting("/v1/scan", message, f"X-Env-User: {user}", "X-Env-IP: 192.0.2.7")
    answer = await talk(world.daemon.ports["http"], said)
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def complaint(sc_id: str) -> bytes:
    """As a provider writes it whose user disliked the message."""
    head = (
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n'
        "\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        "Feedback-Type: abuse\r\nUser-Agent: ISP/1\r\nVersion: 1\r\n"
        "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    return f"{head}X-SC-Id: {sc_id}\r\nSubject: buy\r\n\r\nnow\r\n--b--\r\n".encode()


async def scctl(world: World, *arguments: str) -> str:
    program = str(Path(sys.executable).with_name("scctl"))
    url = f"http://127.0.0.1:{world.daemon.ports['http']}"
    token = str(world.daemon.state / "admin.token")
    options = ["--url", url, "--token-file", token]
    done = await run([program, "incidents", *options, *arguments])
    assert done.code == 0, done.err
    return done.out.decode()


async def test_outbreak(tmp_path: Path) -> None:
    """
    Mail -> HTTP door -> third message with a virus: a mail to the postmaster, a POST
    that is repeated until it is taken, and the user is blocked until somebody closes
    the incident.
    """
    refusals = iter([500])

    def answer(_request: Request) -> bytes:
        return http(next(refusals, 200))

    async with serving_web(answer) as web:

        def config(text: str) -> str:
            patient = "outbox: {stop_timeout: 0.5, retry_delays: [0.2]}"
            return text.replace("outbox: {stop_timeout: 0.5}", patient) + watching(
                web.base
            )

        async with reporting(tmp_path, Script(), config) as world:
            ids = [(await scan(world))["id"] for _ in range(3)]
            await world.settles("sent", "sent")
            (mail,) = world.mails
            assert mail.recipients == ["RCPT TO:<postmaster@example.org>"]
            text = message_from_bytes(mail.wire).get_payload()
            assert ids[0] in str(text)
            assert [request.method for request in web.requests] == ["POST", "POST"]
            told = json.loads(web.requests[1].body)["incident"]
            assert (told["account"], told["addresses"]) == ("alice", ["192.0.2.7"])
            blocked = await scan(world)
            assert (blocked["action"], blocked["reason"]) == ("reject", "blocked")
            assert (await scan(world, "bob"))["reason"] == "virus"
            listed = await scctl(world, "list")
            assert told["id"] in listed
            shown = await scctl(world, "show", told["id"])
            assert f"samples: {', '.join(ids)}\n" in shown
            closed = await scctl(world, "close", told["id"])
            assert "closed_by: scctl\n" in closed
            assert (await scan(world))["reason"] == "virus"
            assert f"incident id={told['id']} user=alice state=open" in world.daemon.log
            await world.daemon.saw("state=closed_by_scctl")


async def test_complaints(tmp_path: Path) -> None:
    """
    Mail -> HTTP door; its recipient complains -> LMTP `feedback` route: it counts for
    the user who sent it, once.
    """

    def config(text: str) -> str:
        route = "{recipient: 'fbl@*', do: feedback}"
        routed = text.replace("routes: [", f"routes: [{route}, ")
        return routed + "outbreak: {complaints: 2}\n"

    async with reporting(tmp_path, Script(), config) as world:
        harmless = b"From: <alice@example.org>\r\nSubject: news\r\n\r\nnow\r\n"
        ids = [(await scan(world, message=harmless))["id"] for _ in range(2)]
        for sc_id in (ids[0], ids[0], ids[1]):
            said = transaction(complaint(sc_id), recipients=("fbl@example.org",))
            answer = await talk(world.daemon.ports["lmtp"], said)
            assert b"\r\n250 2.0.0 taken " in answer, answer
        await world.daemon.saw(f"complaints=2 ips=- samples={','.join(ids)}")
        assert f"about={ids[0]} user=alice kind=abuse" in world.daemon.log
