"""IANA's lists: fetched now and then, kept, and never taken when damaged."""

import json
import os
from ipaddress import ip_address
from pathlib import Path

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sc.abuse.contacts.bootstrap_files import MAX_OCTETS, NAMES, BootstrapFiles, Refresh
from sc.net.fetcher import Fetched, FetchError

BASE = "https://data.iana.org/rdap/"
NEW = "https://new.example/"
IP = ip_address("203.0.113.80")
DAY = 86_400.0


def document(*keys: str) -> bytes:
    return json.dumps({"services": [[keys, [NEW]]]}).encode()


GOOD = {
    "ipv4.json": document("203.0.113.0/24"),
    "ipv6.json": document("2001:db8::/32"),
    "asn.json": document("64500-64510"),
}


@define
class IANA:
    """@ivar hanging: what nobody answers."""

    files: dict[str, bytes] = field(factory=lambda: dict(GOOD))
    status: int = 200
    broken: bool = False
    hanging: Deferred[Fetched] | None = None
    asked: list[str] = field(factory=list)

    async def get(self, url: str, accept: str, max_octets: int) -> Fetched:
        assert max_octets == MAX_OCTETS
        self.asked.append(url)
        if self.hanging is not None:
            return await self.hanging
        if self.broken:
            raise FetchError("data.iana.org cannot be reached")
        return Fetched(self.status, {}, self.files[url.removeprefix(BASE)], url)


@define
class Site:
    folder: Path
    iana: IANA = field(factory=IANA)
    clock: Clock = field(factory=Clock)

    def files(self, every: float = DAY) -> BootstrapFiles:
        return BootstrapFiles(self.iana, self.clock, self.folder, Refresh(BASE, every))

    def keep(self, name: str, octets: bytes, age: float = 0.0) -> None:
        path = self.folder / f"rdap-{name}"
        path.write_bytes(octets)
        os.utime(path, (-age, -age) if age <= 0 else (0, 0))
        self.clock.rightNow = max(age, 0.0)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def base(files: BootstrapFiles) -> str:
    registry = files.bootstrap.registry(IP)
    assert registry is not None
    return registry.base


async def test_refresh(site: Site) -> None:
    """A minute after the start, then every day, the lists are fetched and kept."""
    files = site.files()
    files.start()
    assert (base(files), site.iana.asked) == ("https://rdap.apnic.net/", [])
    site.clock.advance(60.0)
    assert site.iana.asked == [BASE + name for name in NAMES]
    assert base(files) == NEW
    assert files.bootstrap.autnum(64505) is not None
    site.clock.advance(DAY - 1)
    assert len(site.iana.asked) == 3
    site.clock.advance(1)
    assert len(site.iana.asked) == 6
    await files.stop()


async def test_kept(site: Site) -> None:
    """What was fetched serves the next run, and is not asked for while it is new."""
    for name, octets in GOOD.items():
        site.keep(name, octets, age=DAY / 2)
    files = site.files()
    files.start()
    assert base(files) == NEW
    site.clock.advance(DAY / 2 - 1)
    assert site.iana.asked == []
    site.clock.advance(1)
    assert len(site.iana.asked) == 3
    await files.stop()


@pytest.mark.parametrize("octets", [GOOD["ipv4.json"][:-9], b"", b'{"services": []}'])
async def test_kept_file_is_damaged(site: Site, octets: bytes) -> None:
    """A file that was cut in half is refused; the shipped one serves."""
    site.keep("ipv4.json", octets)
    files = site.files()
    files.start()
    assert base(files) == "https://rdap.apnic.net/"
    await files.stop()


@pytest.mark.parametrize(
    "octets", [GOOD["ipv4.json"][:-9], b"<html>", b'{"services": []}']
)
async def test_fetched_file_is_damaged(site: Site, octets: bytes) -> None:
    """What arrives damaged replaces nothing, and is fetched again in an hour."""
    files = site.files()
    site.iana.files["ipv4.json"] = octets
    files.start()
    site.clock.advance(60.0)
    assert base(files) == "https://rdap.apnic.net/"
    assert list(site.folder.iterdir()) == []
    site.iana.files = dict(GOOD)
    site.clock.advance(3600.0)
    assert base(files) == NEW
    await files.stop()


@pytest.mark.parametrize("iana", [IANA(broken=True), IANA(status=404)])
async def test_iana_is_down(tmp_path: Path, iana: IANA) -> None:
    """Then all stays as it is, and we ask again in an hour."""
    site = Site(tmp_path, iana)
    files = site.files()
    files.start()
    site.clock.advance(60.0)
    assert base(files) == "https://rdap.apnic.net/"
    site.clock.advance(3600.0)
    assert len(iana.asked) == 2
    await files.stop()


async def test_folder_cannot_be_written(site: Site) -> None:
    """The lists that arrived are used, though they cannot be kept."""
    site.folder = site.folder / "missing"
    files = site.files()
    files.start()
    site.clock.advance(60.0)
    assert base(files) == NEW
    await files.stop()


async def test_kept_file_cannot_be_replaced(site: Site) -> None:
    """Nothing half written is left behind."""
    (site.folder / "rdap-ipv4.json").mkdir()
    files = site.files()
    files.start()
    site.clock.advance(60.0)
    assert [path.name for path in site.folder.iterdir()] == ["rdap-ipv4.json"]
    await files.stop()


async def test_never(site: Site) -> None:
    """The operator may forbid it."""
    files = site.files(every=0.0)
    files.start()
    assert site.clock.getDelayedCalls() == []
    await files.stop()


async def test_stop_while_fetching(site: Site) -> None:
    """What is under way ends with the daemon."""
    site.iana.hanging = Deferred()
    files = site.files()
    files.start()
    site.clock.advance(60.0)
    await files.stop()
    assert site.clock.getDelayedCalls() == []
    assert len(site.iana.asked) == 1


async def test_stop_before_start(site: Site) -> None:
    """A daemon that never started can be stopped."""
    await site.files().stop()
    assert site.iana.asked == []
