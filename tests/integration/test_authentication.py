"""Who a sender proved to be, told alike by every door that adds fields.

LMTP and SMTP (real swaks, real smtp-sink behind), SPAMC PROCESS and HEADERS (real
spamc), HTTP -> the whole daemon -> spf, dkim, dmarc -> a DNS server of ours
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import frozen

from tests.fakes.dns import serving_dns
from tests.fakes.signed_mail import NEWS, record, sign
from tests.integration.daemon import Daemon, free_port, running
from tests.integration.doors import Mail, curl
from tests.integration.doors_smtp import swaks
from tests.integration.postfix_tools import Sink, smtp_sink
from tests.programs import program, run

pytestmark = pytest.mark.peer

FORGED = b"Authentication-Results: (us) mx.example.net;\r\n dkim=pass header.d=x\r\n"
OTHER = b"Authentication-Results: elsewhere.example; spf=pass\r\n"
FIELD = re.compile(r"^Authentication-Results: (.*(?:\n[ \t].*)*)", re.MULTILINE)


@frozen
class Site:
    daemon: Daemon
    sink: Sink
    ports: dict[str, int]


@asynccontextmanager
async def site(folder: Path, scanners: str) -> AsyncIterator[Site]:
    """The daemon with a next hop behind LMTP and SMTP, and a DNS that knows a key."""
    zone = {
        "s1._domainkey.sender.example": [f"TXT {record(folder).decode()}"],
        "_dmarc.sender.example": ["TXT v=DMARC1; p=reject"],
    }
    ports = {"lmtp": free_port(), "smtp": free_port()}
    async with serving_dns(zone) as dns, smtp_sink(folder) as sink:
        doors = "".join(
            f"  filter_{name}: {{protocol: {name}, next_hop: {{server: {sink.server}}},"
            f" endpoint: 'tcp:{port}:interface=127.0.0.1'}}\n"
            for name, port in ports.items()
        )
        extra = (
            f"{doors}policy: {{authserv_id: mx.example.net}}\n"
            f"resolver: {{servers: ['{dns.address}']}}\n{scanners}"
        )
        async with running(folder, extra) as daemon:
            yield Site(daemon, sink, ports)


async def relayed(site: Site, protocol: str, content: bytes) -> list[str]:
    """The fields of what arrives at the next hop."""
    before = set(site.sink.folder.iterdir())
    replies = await swaks(site.ports[protocol], protocol.upper(), Mail(content))
    [arrived] = set(site.sink.folder.iterdir()) - before
    assert replies
    return fields(arrived.read_bytes())


async def by_spamc(site: Site, content: bytes, *mode: str) -> list[str]:
    where = ["-d", "127.0.0.1", "-p", str(site.daemon.ports["spamd"])]
    done = await run([program("spamc"), *where, "-x", *mode], content)
    assert done.code == 0, done.err
    return fields(done.out)


async def by_http(site: Site, content: bytes) -> list[str]:
    """The fields that the caller is asked to add."""
    answer = await curl(site.daemon, "/v1/scan", content)
    told = json.loads(answer.partition("\n\n")[2])["fields"]
    return [value for name, value in told if name == "Authentication-Results"]


def fields(message: bytes) -> list[str]:
    head = message.decode().replace("\r\n", "\n").partition("\n\n")[0]
    return [re.sub(r"\n[ \t]", " ", value) for value in FIELD.findall(head)]


async def test_every_door_says_the_same(tmp_path: Path) -> None:
    """One field with every signature, ours on top; the forged one is gone."""
    on = ", ".join(f"{name}: {{enabled: true}}" for name in ("spf", "dkim", "dmarc"))
    async with site(tmp_path, f"scanners: {{{on}}}\n") as s:
        mail = FORGED + OTHER + sign(sign(NEWS), "missing.example")
        [ours] = await by_http(s, mail)
        assert re.fullmatch(
            "mx.example.net;"
            ' dkim=permerror reason="its key is not in DNS" header.d=missing.example'
            r" header.s=s1 header.b=\S+;"
            r" dkim=pass header.d=sender.example header.s=s1 header.b=\S+;"
            " dmarc=pass header.from=sender.example",
            ours,
        )
        expected = [ours, "elsewhere.example; spf=pass"]
        assert await relayed(s, "lmtp", mail) == expected
        assert await relayed(s, "smtp", mail) == expected
        assert await by_spamc(s, mail) == expected
        assert await by_spamc(s, mail, "--headers") == expected


async def test_forged_ones_go_without_any_scanner(tmp_path: Path) -> None:
    """Who is asked nothing adds nothing, and forged fields go all the same."""
    async with site(tmp_path, "") as s:
        mail, expected = FORGED + OTHER + NEWS, ["elsewhere.example; spf=pass"]
        assert await by_http(s, mail) == []
        assert await relayed(s, "lmtp", mail) == expected
        assert await relayed(s, "smtp", mail) == expected
        assert await by_spamc(s, mail) == expected
