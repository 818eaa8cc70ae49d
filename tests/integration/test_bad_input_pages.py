"""A web page of a stranger, in the browser of somebody on this host, posts to us.

Nothing is scanned, looked up, stored or sent for it, whatever it calls itself.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_twisted

from tests.fakes.smtp_relay import Script
from tests.integration.raw_client import http, talk
from tests.integration.reports import DESK, SEND, SPAM, World, reporting

PATHS = ["/", "/scan", "/v1/scan"]
FOREIGN = {
    "another site": ("Origin: https://evil.example",),
    "no site": ("Origin: null",),
    "our port elsewhere": ("Origin: http://evil.example:{port}",),
    "another port here": ("Origin: http://localhost:1",),
    "two origins": ("Origin: http://localhost:{port}", "Origin: http://evil.example"),
    "looks like ours": ("Origin: http://localhost:{port}.evil.example",),
    "fetch metadata": ("Sec-Fetch-Site: cross-site",),
    "form": ("Origin: https://evil.example", "Sec-Fetch-Mode: navigate"),
}
HOSTS = ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "192.0.2.1"]


@pytest_twisted.async_yield_fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("world")
    async with reporting(folder, Script()) as world:
        yield world


async def refused(world: World, said: bytes) -> bytes:
    """The answer; nothing else happened."""
    scanned = world.daemon.log.count("scanned id=")
    answer = await talk(world.daemon.ports["http"], said)
    assert world.daemon.log.count("scanned id=") == scanned
    assert await world.outbox() == []
    assert not world.relays
    assert b"Access-Control-Allow" not in answer
    return answer


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", FOREIGN)
async def test_foreign_origin(world: World, path: str, name: str) -> None:
    """403 for a post that a browser makes for somebody else's page; 400 for two."""
    port = world.daemon.ports["http"]
    fields = [field.format(port=port) for field in FOREIGN[name]]
    said = http(path, SPAM, SEND, *fields, host=f"localhost:{port}")
    status = b"400" if name == "two origins" else b"403"
    assert (await refused(world, said)).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", HOSTS)
async def test_foreign_host(world: World, path: str, host: str) -> None:
    """403 under a name that is not ours: DNS rebinding brings no Origin."""
    host = host.format(port=world.daemon.ports["http"])
    said = http(path, SPAM, SEND, host=host)
    assert (await refused(world, said)).startswith(b"HTTP/1.1 403 ")


async def test_preflight(world: World) -> None:
    """A page that asks whether it may is not told that it may."""
    said = http(
        "/", b"", "Origin: https://evil.example", "Access-Control-Request-Method: POST"
    )
    answer = await refused(world, said.replace(b"POST", b"OPTIONS", 1))
    assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 405 "))


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_form(world: World, kind: str) -> None:
    """What a form can send without JavaScript is no message."""
    said = http("/", b"message=x", SEND, kind=kind)
    assert (await refused(world, said)).startswith(b"HTTP/1.1 415 ")


async def test_get_changes_nothing(world: World) -> None:
    """An image of ours on a stranger's page does nothing."""
    said = http("/", b"", SEND).replace(b"POST", b"GET", 1)
    answer = await refused(world, said)
    assert b"<h1>Home</h1>" in answer


async def test_our_own_programs(tmp_path: Path) -> None:
    """A client that sends no Origin, and one on our own page, are served."""
    async with reporting(tmp_path, Script()) as world:
        port = world.daemon.ports["http"]
        own = http(
            "/", SPAM, f"Origin: http://localhost:{port}", host=f"localhost:{port}"
        )
        assert DESK.encode() in await talk(port, own)
        assert list((await world.post(SPAM))["complaints"]) == [DESK]
