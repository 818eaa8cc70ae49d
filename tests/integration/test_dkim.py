"""Signed reports, as OpenDKIM sees them.

docs/reporting.md's own keys -> scctl check -> the whole daemon -> smtp-sink ->
opendkim -t, with the records that scctl printed
"""

import re
import sys
from pathlib import Path

import pytest

from tests.integration.daemon import ROOT, running
from tests.integration.internet import internet
from tests.integration.postfix_tools import smtp_sink
from tests.integration.test_main_job import RAW, SEND, SPAM, Site
from tests.programs import program, run

pytestmark = pytest.mark.peer

PAGE = (ROOT / "docs/reporting.md").read_text()


async def made_keys(folder: Path) -> str:
    """Runs the page's commands, and returns its configuration, for `folder`."""
    commands = re.findall(r"^\$ (openssl .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        words = command.replace("/etc/sc/", f"{folder}/").split()
        done = await run([program(words[0]), *words[1:]])
        assert done.code == 0, done.err
    options = re.search(r"^  dkim:\n(?:    .*\n)+", PAGE, re.MULTILINE)
    assert options is not None
    return options[0].replace("/etc/sc/", f"{folder}/")


async def public_keys(config: Path) -> str:
    """What `scctl check` says should be in DNS, for OpenDKIM's TestPublicKeys."""
    scctl = str(Path(sys.executable).with_name("scctl"))
    done = await run([scctl, "check", "--config", str(config)])
    assert (done.code, done.err) == (0, b"")
    lines = re.findall(r"^(\S+)\. IN TXT \( (.*) \)$", done.out.decode(), re.MULTILINE)
    assert [name for name, _ in lines] == [
        "r2026._domainkey.reporter.example",
        "e2026._domainkey.reporter.example",
    ]
    # Every other piece between quotes is a string of the record.
    return "".join(
        f"{name} {''.join(text.split(chr(34))[1::2])}\n" for name, text in lines
    )


def signed(dump: bytes) -> bytes:
    """The mail, without what smtp-sink wrote above it."""
    return dump[dump.index(b"\nDKIM-Signature: ") + 1 :]


async def test_signed_reports(tmp_path: Path) -> None:
    """Both signatures of a report are right to somebody else's verifier."""
    opendkim = program("opendkim")
    keys = await made_keys(tmp_path)
    async with internet() as names, smtp_sink(tmp_path) as sink:
        reports = (
            "trusted_boundary: {name: mx.example.net}\n"
            "abuse_report:\n  from: Example <abuse@reporter.example>\n"
            f"  smtp: {sink.server}\n{keys}"
        )
        async with running(tmp_path, names + reports) as daemon:
            site = Site(daemon, sink)
            await site.report(SPAM, RAW, SEND)
            mails = [signed(dump) for dump in await site.arrived(2)]
        (tmp_path / "keys").write_text(await public_keys(tmp_path / "sc.yaml"))
    (tmp_path / "conf").write_text(f"Mode v\nTestPublicKeys {tmp_path / 'keys'}\n")
    for mail in mails:
        (tmp_path / "mail").write_bytes(mail)
        files = ["-x", str(tmp_path / "conf"), "-vv", "-t", str(tmp_path / "mail")]
        said = (await run([opendkim, *files])).out
        for algorithm in (b"rsa-sha256", b"ed25519-sha256"):
            assert re.search(rb"dkim=pass [^;]*header.a=%b " % algorithm, said), said
