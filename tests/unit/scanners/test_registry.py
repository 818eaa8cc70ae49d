"""sc.scanners.registry and settings: which scanners there are, and what may be set."""

import re

import pytest

from sc.scanners.clamav import ClamAVSettings
from sc.scanners.interface import Interface
from sc.scanners.patterns import PatternsSettings
from sc.scanners.registry import ScannersSettings, build_scanners
from sc.scanners.settings import Enabled, OnError
from sc.scanners.spamassassin import SpamAssassinSettings
from tests.fakes.ground import ground
from tests.integration.daemon import ROOT


def test_order_and_interfaces() -> None:
    """Every answer has the scanners in one order, and tells how each is reached."""
    settings = ScannersSettings(
        spamassassin=SpamAssassinSettings(servers=("/run/spamd.sock",))
    )
    entries = build_scanners(settings, ground())
    assert [(e.name, e.scanner.interface) for e in entries] == [
        ("patterns", Interface.BUILTIN),
        ("headers", Interface.BUILTIN),
        ("links", Interface.BUILTIN),
        ("attachments", Interface.BUILTIN),
        ("clamav", Interface.SOCKET),
        ("spamassassin", Interface.SOCKET),
        ("rspamd", Interface.NETWORK),
        ("dcc", Interface.SOCKET),
        ("spf", Interface.BUILTIN),
        ("dkim", Interface.BUILTIN),
        ("arc", Interface.BUILTIN),
        ("dmarc", Interface.BUILTIN),
        ("maildmarc", Interface.NETWORK),
        ("dnsbl", Interface.BUILTIN),
        ("uribl", Interface.BUILTIN),
        ("virustotal", Interface.NETWORK),
        ("bogofilter", Interface.CLI),
        ("dspam", Interface.CLI),
        ("razor", Interface.CLI),
        ("pyzor", Interface.CLI),
    ]
    assert [e.name for e in entries] == list(settings.by_name)
    assert [e.settings for e in entries] == list(settings.by_name.values())
    needs = {e.name: e.scanner.needs for e in entries if e.scanner.needs}
    both = ("spf", "dkim")
    assert needs == {"dmarc": (*both, "arc"), "maildmarc": both}


def test_page() -> None:
    """The page has a row for each scanner, in the same order, and a page behind it."""
    folder = ROOT / "docs/scanners"
    text = (folder / "README.md").read_text()
    rows = re.findall(r"^\| \[(?:`(\w+)`|.*)\]\((\w+)\.md\)", text, re.MULTILINE)
    named = [("", "command"), ("", "milter"), ("", "icap")]
    assert rows == [(name, name) for name in ScannersSettings().by_name] + named
    pages = {path.stem for path in folder.glob("*.md")} - {"README"}
    assert pages == {page for _, page in rows}


def test_defaults() -> None:
    """Servers join when they are found; only ClamAV's absence delays mail."""
    assert ClamAVSettings().enabled is Enabled.AUTO
    assert ClamAVSettings().on_error is OnError.TEMPFAIL
    assert SpamAssassinSettings().on_error is OnError.ACCEPT
    assert PatternsSettings().enabled is Enabled.TRUE
    assert ScannersSettings().spf.enabled is Enabled.FALSE
    assert ScannersSettings().dkim.enabled is Enabled.FALSE
    assert ScannersSettings().arc.enabled is Enabled.FALSE
    assert ScannersSettings().dmarc.enabled is Enabled.FALSE
    assert ScannersSettings().dnsbl.enabled is Enabled.FALSE
    assert ScannersSettings().uribl.enabled is Enabled.FALSE
    assert ScannersSettings().virustotal.enabled is Enabled.FALSE


def test_no_default_socket_in_a_shared_folder() -> None:
    """Nobody can plant a virus scanner: no default lies below /tmp."""
    servers = ClamAVSettings().servers + SpamAssassinSettings().servers
    assert not [s for s in servers if s.startswith(("/tmp", "/var/tmp", "/dev/shm"))]


@pytest.mark.parametrize(
    "servers",
    [(), ("clamd.ctl",), ("host",), ("host:0",), ("host:65536",), ("::1:783",)],
)
def test_impossible_servers(servers: tuple[str, ...]) -> None:
    """A server is host:port or the path of a socket."""
    with pytest.raises(ValueError, match="must"):
        ClamAVSettings(servers=servers)


@pytest.mark.parametrize("server", ["[::1]:783", "spamd.example.org:783", "/run/x"])
def test_possible_servers(server: str) -> None:
    """The three forms of a server are taken."""
    assert SpamAssassinSettings(servers=(server,)).servers == (server,)


@pytest.mark.parametrize(
    "wrong",
    [{"timeout": 0.0}, {"weight": -1.0}, {"max_octets": 0}, {"user": "a b"}],
)
def test_impossible_values(wrong: dict[str, object]) -> None:
    """A setting that cannot work is refused with a sentence."""
    with pytest.raises(ValueError, match="must"):
        SpamAssassinSettings(**wrong)  # type: ignore[arg-type]
