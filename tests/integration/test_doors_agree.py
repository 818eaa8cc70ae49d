"""Front doors agree: one message, one envelope, one decision, whoever asks.

HTTP, SPAMC (real spamc), RSPAMC, LMTP and SMTP (real swaks, real smtp-sink behind),
the log and /metrics
-> the whole daemon -> patterns, real ClamAV, real SpamAssassin
"""

import base64
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_twisted
from attrs import frozen
from prometheus_client.parser import text_string_to_metric_families

from tests.integration import engines
from tests.integration.daemon import DOORS, PATIENCE, Daemon, free_port, pause, running
from tests.integration.doors import Ask, Mail, Said, scan, v1_scan, v1_scan_json
from tests.integration.doors_smtp import delivered, undelivered
from tests.integration.doors_spamd import (
    exim_spamc,
    rspamc,
    spamc_check,
    spamc_report,
    spamc_symbols,
)
from tests.integration.postfix_tools import smtp_sink
from tests.programs import program, run

pytestmark = pytest.mark.peer

# A date long ago: by no machine's clock is it ahead, which `headers` would tell.
HEADER = (
    b"Received: from mail.example.org (mail.example.org [11.22.33.44])\r\n"
    b"\tby mx.example.net with ESMTP id 4XyzAb; Fri, 20 Nov 2020 10:00:00 +0000\r\n"
    b"From: Alice <alice@example.org>\r\nTo: Bob <bob@example.net>\r\n"
    b"Subject: lunch\r\nDate: Fri, 20 Nov 2020 09:59:58 +0000\r\n"
    b"Message-ID: <lunch-1@example.org>\r\nMIME-Version: 1.0\r\n"
)
PLAIN = HEADER + b"Content-Type: text/plain; charset=us-ascii\r\n\r\n"
CLEAN = PLAIN + b"See you at noon.\r\n"
ATTACHMENT = (
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n"
)
SLY = (
    b"Received: from mail.example.org (mail.example.org [11.22.33.44])\r\n"
    b"\tby mx.example.net with ESMTP id 4XyzAb; Fri, 20 Nov 2020 10:00:00 +0000\r\n"
    b"From: Alice <alice@example.org>\r\nTo: Bob <bob@example.net>\r\n"
    b"Subject: BUY NOW\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
    b"No prescription needed. 100% guaranteed.\r\n"
)
LOUD = SLY.replace(b"BUY NOW", b"BUY VIAGRA CIALIS NOW").replace(
    b"No pres", b"VIAGRA and CIALIS, million dollars lottery winner! No pres"
)


def gtube(letter: bytes) -> bytes:
    return PLAIN + letter + engines.GTUBE[1:] + b"\r\n"


MAILS = {
    "clean": (CLEAN, "no action", "clean"),
    "gtube": (gtube(b"X"), "reject", "test-pattern"),
    "gtube-add-header": (gtube(b"Y"), "add header", "test-pattern"),
    "gtube-rewrite-subject": (gtube(b"Z"), "rewrite subject", "test-pattern"),
    "eicar": (
        HEADER + ATTACHMENT % base64.b64encode(engines.EICAR),
        "reject",
        "virus",
    ),
    "virus": (
        HEADER + ATTACHMENT % base64.b64encode(engines.MARKER),
        "reject",
        "virus",
    ),
    "spam": (SLY, "add header", "spam"),
    "much-spam": (LOUD, "reject", "spam"),
}
"""Message, and what the daemon must find in it whoever brings it."""

POLICY = (
    "policy:\n  quarantine_address: quarantine@example.net\n"
    "  local_networks: [192.0.2.0/24]\n  outbound: {reject: 8}\n"
)
OURS = (
    b"Received: from [192.0.2.7] (helo=client.example.net)\r\n"
    b"\tby mx.example.net with %s (Exim 4.96)\r\n"
    b"\t(envelope-from <alice@example.org>) id 1abcde-000001-2x\r\n"
    b"\tfor bob@example.net; Fri, 20 Nov 2020 10:00:01 +0000\r\n"
)
TOLD = {
    "POST /scan": scan,
    "POST /v1/scan JSON": v1_scan_json,
    "RSPAMC CHECK": rspamc,
    "SPAMC by Exim": exim_spamc,
}
"""The doors that hear of the client and its user."""

OVERRIDE = "overrides: {GTUBE: rewrite subject}"
FOR_SOME = (
    f"  rules:\n  - {{recipients: [postmaster@example.net], {OVERRIDE}}}\n"
    "outbound: {reject: flag}\n"
    "lists:\n  allow: [recipient abuse@example.net]\n"
    "  deny: [recipient gone.example]\n"
)
"""Goes on with `policy`: what differs by recipient, and for our own users."""


@frozen
class Site:
    daemon: Daemon
    doors: dict[str, Ask]


@asynccontextmanager
async def site(folder: Path, extra: str, every: str = "") -> AsyncIterator[Site]:
    """
    The daemon with every door, LMTP and SMTP with and without a next hop.

    @param every: more settings of each door.
    """
    async with smtp_sink(folder) as sink:
        lmtp, smtp = free_port(), free_port()
        doors = "".join(
            f"  {name}: {{endpoint: 'PORT_{name}'{every}}}\n" for name in DOORS
        )
        for protocol, port, more in (
            ("lmtp", lmtp, ""),
            ("smtp", smtp, ", position: before_queue"),
        ):
            endpoint = f"tcp:{port}:interface=127.0.0.1"
            doors += (
                f"  filter_{protocol}: {{protocol: {protocol}, endpoint: '{endpoint}',"
                f" next_hop: {{server: {sink.server}}}{more}{every}}}\n"
            )
        async with running(folder, doors + POLICY + extra) as daemon:
            yield Site(
                daemon,
                {
                    "POST /scan": scan,
                    "POST /v1/scan JSON": v1_scan_json,
                    "SPAMC CHECK": spamc_check,
                    "SPAMC REPORT": spamc_report,
                    "SPAMC SYMBOLS": spamc_symbols,
                    "RSPAMC CHECK": rspamc,
                    "LMTP": undelivered("lmtp"),
                    "SMTP": undelivered("smtp"),
                    "LMTP with next hop": delivered(lmtp, "lmtp", sink),
                    "SMTP with next hop": delivered(smtp, "smtp", sink),
                },
            )


@pytest_twisted.async_yield_fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One daemon for the tests that need no engine, and change nothing."""
    async with site(tmp_path_factory.mktemp("doors"), FOR_SOME) as s:
        yield s


@pytest.fixture(scope="module")
def scanners() -> Iterator[str]:
    """The configuration of real engines."""
    with engines.clamd() as clamd, engines.spamd() as spamd:
        yield (
            "scanners:\n"
            f"  clamav: {{enabled: true, servers: ['{clamd.unix}']}}\n"
            f"  spamassassin: {{enabled: true, servers: ['{spamd.tcp}']}}\n"
        )


async def disagreements(
    site: Site, mail: Mail, agreed: Said, doors: Mapping[str, Ask] | None = None
) -> list[str]:
    """What some door says otherwise."""
    found = []
    for name, ask in (doors or site.doors).items():
        said = await ask(site.daemon, mail)
        assert said, name
        found += [
            f"{name}: {word} {value!r}, not {expected!r}"
            for word, value in said.items()
            if (expected := _expected(word, value, agreed)) != value
        ]
    return found


def _expected(word: str, value: object, agreed: Said) -> object:
    """The agreed word, in the precision in which this door speaks."""
    if word == "score":
        decimals = len(str(value).partition(".")[2])
        return f"{float(agreed['score']):.{decimals}f}"
    if word == "spam":
        return agreed["action"] not in ("no action", "greylist", "soft reject")
    return "6.0" if word == "threshold" else agreed[word]


async def test_every_door_gives_the_same_answer(tmp_path: Path, scanners: str) -> None:
    """The same mail through ten doors: one action, one score, one reason."""
    async with site(tmp_path, scanners) as s:
        for name, (content, action, reason) in MAILS.items():
            mail = Mail(content)
            agreed = await v1_scan(s.daemon, mail)
            assert (agreed["action"], agreed["reason"]) == (action, reason), name
            assert await disagreements(s, mail, agreed) == [], name


async def test_our_own_mail(tmp_path: Path, scanners: str) -> None:
    """Who is local or authenticated is so at each door that can be told of it."""
    async with site(tmp_path, scanners) as s:
        for received, client_ip, user in (
            (OURS % b"esmtp", "192.0.2.7", ""),
            (OURS.replace(b"192.0.2.7", b"11.22.33.44") % b"esmtpa", "", "joe"),
        ):
            mail = Mail(received + SLY, client_ip=client_ip, user=user)
            agreed = await v1_scan(s.daemon, mail)
            assert agreed["action"] == "reject"
            assert await disagreements(s, mail, agreed, TOLD) == []
        assert (await v1_scan(s.daemon, Mail(SLY)))["action"] == "add header"


@pytest.mark.parametrize(
    ("on_error", "action"),
    [
        ("tempfail", "soft reject"),
        ("accept", "no action"),
        ("quarantine", "quarantine"),
    ],
)
async def test_a_scanner_that_is_down(
    tmp_path: Path, on_error: str, action: str
) -> None:
    """A message that could not be scanned has the operator's answer at every door."""
    down = f"servers: ['127.0.0.1:{free_port()}'], on_error: {on_error}"
    extra = f"scanners:\n  spamassassin: {{enabled: true, {down}}}\n"
    async with site(tmp_path, extra) as s:
        agreed = await v1_scan(s.daemon, Mail(CLEAN))
        assert (agreed["action"], agreed["reason"]) == (action, "unscanned")
        assert agreed["symbols"] == {"SC_UNSCANNED_SPAMASSASSIN"}
        assert await disagreements(s, Mail(CLEAN), agreed) == []
        rejected = Mail(gtube(b"X"))
        agreed = await v1_scan(s.daemon, rejected)
        assert (agreed["action"], agreed["reason"]) == ("reject", "test-pattern")
        assert await disagreements(s, rejected, agreed) == []


@pytest.mark.parametrize(
    ("recipient", "action", "reason"),
    [
        ("bob@example.net", "reject", "test-pattern"),
        ("Postmaster@Example.NET", "rewrite subject", "test-pattern"),
        ("abuse@example.net", "no action", "listed"),
        ("carol@gone.example", "reject", "listed"),
    ],
)
async def test_a_recipient_with_rules_of_his_own(
    shared: Site, recipient: str, action: str, reason: str
) -> None:
    """Rules and lists are about whom each door names."""
    mail = Mail(gtube(b"X"), recipients=(recipient,))
    agreed = await v1_scan(shared.daemon, mail)
    assert (agreed["action"], agreed["reason"]) == (action, reason)
    smtp = {name: ask for name, ask in shared.doors.items() if "MTP" in name}
    doors = {**TOLD, **smtp}
    assert len(doors) == 8
    assert await disagreements(shared, mail, agreed, doors) == []


async def test_spam_of_our_own_user(shared: Site) -> None:
    """What `outbound` says in place of a rejection."""
    received = OURS.replace(b"192.0.2.7", b"11.22.33.44") % b"esmtpa"
    mail = Mail(received + gtube(b"X"), user="joe")
    agreed = await v1_scan(shared.daemon, mail)
    assert (agreed["action"], agreed["reason"]) == ("add header", "test-pattern")
    assert await disagreements(shared, mail, agreed, TOLD) == []


async def test_doors_that_only_observe(tmp_path: Path) -> None:
    """All of them let it through, and log what they would have done."""
    async with site(tmp_path, "", ", mode: observe") as s:
        mail = Mail(gtube(b"X"))
        agreed = await v1_scan(s.daemon, mail)
        assert (agreed["action"], agreed["reason"]) == ("no action", "test-pattern")
        # What is relayed keeps the fields of the scanner beside us, and gets none.
        doors = {n: ask for n, ask in s.doors.items() if "next hop" not in n}
        assert await disagreements(s, mail, agreed, doors) == []
        lines = await scanned_lines(s.daemon, "test-pattern", len(doors) + 1)
        assert all(" action=no_action would=reject " in line for line in lines), lines


async def test_doors_with_chosen_scanners(tmp_path: Path) -> None:
    """Who is not chosen is not asked, whoever brings the message."""
    async with site(tmp_path, "", ", scanners: [headers]") as s:
        mail = Mail(gtube(b"X"))
        agreed = await v1_scan(s.daemon, mail)
        assert (agreed["action"], agreed["reason"]) == ("no action", "clean")
        assert await disagreements(s, mail, agreed) == []


async def test_one_reason_in_log_and_metrics(tmp_path: Path) -> None:
    """What the doors say stands in the log's lines and in the metrics, in one word."""
    extra = "lists: {deny: [sender eve@example.org]}\n"
    async with site(tmp_path, extra) as s:
        told = {n: s.doors[n] for n in (*TOLD, "LMTP", "SMTP") if n in s.doors}
        for mail, doors, reason in (
            (Mail(gtube(b"X")), s.doors, "test-pattern"),
            (Mail(CLEAN, sender="eve@example.org"), told, "listed"),
        ):
            agreed = await v1_scan(s.daemon, mail)
            assert (agreed["action"], agreed["reason"]) == ("reject", reason)
            assert await disagreements(s, mail, agreed, doors) == []
            lines = await scanned_lines(s.daemon, reason, len(doors) + 1)
            expected = f"action=reject reason={reason} score={agreed['score']} "
            assert all(expected in line for line in lines), lines
            count = await counted(s.daemon, action="reject", reason=reason)
            assert count == len(lines)


async def scanned_lines(daemon: Daemon, reason: str, count: int) -> list[str]:
    """The log's lines about messages, when there are as many."""
    waited = 0.0
    while True:
        lines = re.findall(r"^.*\bscanned id=.*\bms=\d+$", daemon.log, re.MULTILINE)
        found = [line for line in lines if f" reason={reason} " in line]
        if len(found) >= count or waited > PATIENCE:
            return found
        waited += 0.05
        await pause(0.05)


async def counted(daemon: Daemon, **labels: str) -> float:
    """Of `sc_scans_total`, over all listeners."""
    url = f"http://127.0.0.1:{daemon.ports['http']}/metrics"
    text = (await run([program("curl"), "-s", url])).out.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "sc_scans_total" and labels.items() <= sample.labels.items()
    )
