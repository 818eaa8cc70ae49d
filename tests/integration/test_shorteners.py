"""A spam with a short link: the whole daemon asks the shortener, and tells the network
of the host behind it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.faults import Fault
from tests.fakes.smtp_relay import Script
from tests.fakes.web import FakeWeb, Request, http, serving_web
from tests.integration.reports import DESK, SEND, SPAM, reporting

HOST_DESK = "abuse@hosting.example"
END = "http://spamvertised.example/claim?id=7"


def leading(target: str) -> Callable[[Request], bytes]:
    """Every link but `/` leads to `/`, and that to the target."""

    def answer(request: Request) -> bytes:
        location = target if request.path == "/2" else "/2"
        # A drip of this takes longer than any shortener is given.
        padding = {"X-Padding": "x" * 10_000}
        return http(301, b"x" * 100_000, {**padding, "Location": location})

    return answer


def following(more: str) -> Callable[[str], str]:
    """Nobody is cut off by the clock: shorteners have a time of their own."""
    return lambda config: config.replace("wait: 5", "wait: 60") + more


OURS = following("url_shorteners_to_follow: [short.example]\n")


def short(web: FakeWeb, path: str = "a") -> str:
    return f"http://short.example:{web.port}/{path}"


def spam(*links: str) -> bytes:
    return SPAM + "\r\n".join([*links, ""]).encode()


async def test_short_link(tmp_path: Path) -> None:
    """The network of the landing page gets a report that tells the way there."""
    async with (
        serving_web(leading(END)) as web,
        reporting(tmp_path, Script(), OURS) as world,
    ):
        said = await world.post(spam(short(web)), SEND)
        assert sorted(said["complaints"]) == [HOST_DESK, DESK]
        (item,) = said["complaints"][HOST_DESK]
        assert (item["host"], item["link"]) == ("spamvertised.example", END)
        way = [short(web), short(web, "2")]
        assert item["links"][0]["chain"] == way
        assert said["warnings"] == []
        await world.settles("sent", "sent")
        (mail,) = [m.wire for m in world.mails if HOST_DESK in "".join(m.recipients)]
    assert b"Reported-URI: " + END.encode() in mail
    for url in way:
        assert b"    reached through " + url.encode() in mail
    assert [(r.method, r.path) for r in web.requests] == [("GET", "/a"), ("GET", "/2")]
    for request in web.requests:
        assert not request.headers.keys() & {"cookie", "referer", "authorization"}
        assert "sc/" not in request.headers["user-agent"]
        assert "abuse@" not in request.headers["user-agent"]


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP, Fault.RESET, Fault.GARBAGE])
async def test_broken_shortener(tmp_path: Path, fault: Fault) -> None:
    """A shortener that breaks off or never ends is a warning; the rest goes on."""
    async with (
        serving_web(leading(END), fault) as web,
        reporting(tmp_path, Script(), OURS) as world,
    ):
        said = await world.post(spam(short(web)), SEND)
        assert list(said["complaints"]) == [DESK]
        assert any(f"{short(web)} is not followed: " in w for w in said["warnings"])
        await world.settles("sent")


async def test_closed_links(tmp_path: Path) -> None:
    """A link that tells whose message it is stays closed, and a warning says so."""
    links = ("?to=bob%40example.net", "a8f3c1d29b7e4c558d21")
    mail = b"To: bob@example.net\r\n"
    async with (
        serving_web(leading(END)) as web,
        reporting(tmp_path, Script(), OURS) as world,
    ):
        said = await world.post(mail + spam(*(short(web, link) for link in links)))
        refused = [w for w in said["warnings"] if "is not asked: the link holds" in w]
        assert len(refused) == len(links)
        assert web.requests == []


async def test_nobody_is_followed(tmp_path: Path) -> None:
    """With an empty list no shortener is asked."""
    off = following("url_shorteners_to_follow: []\n")
    async with (
        serving_web(leading(END)) as web,
        reporting(tmp_path, Script(), off) as world,
    ):
        said = await world.post(spam(short(web), "https://bit.ly/a"))
        assert not any("followed" in w for w in said["warnings"])
        assert web.requests == []
