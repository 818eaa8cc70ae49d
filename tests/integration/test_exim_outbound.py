"""Exim's own users: their spam goes to a mailbox, a stranger's is refused.

swaks -> Exim (acl_smtp_data, first router) -> spamd door of the whole daemon -> mbox
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.integration.daemon import running
from tests.integration.engines import GTUBE
from tests.integration.exim import (
    Exim,
    Parts,
    exim_folder,
    sections,
    started,
    two_parts,
)

pytestmark = pytest.mark.peer

SPAM = b"From: a@example.org\r\nSubject: offer\r\n\r\n" + GTUBE + b"\r\n"
LOGIN = ("--auth", "PLAIN", "--auth-user", "joe", "--auth-password", "x")
STRANGER = "11.22.33.44"

Site: TypeAlias = Callable[[str], Parts]


def ours(address: str) -> Parts:
    """Both files of etc/exim, put together as they say."""
    main, acl = sections("spamd-rspamd-variant.conf", address)
    own_users, router = two_parts("outbound-spam.conf")
    before, deny, after = acl.partition("  deny    condition")
    assert deny
    return Parts(main, before + own_users + deny + after, router)


def the_guides(address: str) -> Parts:
    """What rspamd's guide for outbound mail tells to write, word by word."""
    main = f"spamd_address = {address} variant=rspamd"
    acl = """
  warn
    set acl_m_outspam = 0
  warn
    spam = nobody:true
  deny
    ! authenticated = *
    condition = ${if eq{$spam_action}{reject}}
    message = Discarded high-probability spam
  warn
    authenticated = *
    condition = ${if eq{$spam_action}{reject}}
    set acl_m_outspam = 1
"""
    router = """
redirect_outbound_spam:
  driver = redirect
  condition = ${if eq{$acl_m_outspam}{1}}
  data = postmaster@exim.test
"""
    return Parts(main, acl, router)


@asynccontextmanager
async def site(folder: Path, parts: Site) -> AsyncIterator[Exim]:
    async with running(folder) as daemon, exim_folder() as home:
        address = f"127.0.0.1 {daemon.ports['spamd']}"
        async with started(home, parts(address)) as exim:
            yield exim


@pytest.mark.parametrize("parts", [ours, the_guides])
async def test_spam_of_our_own_user(tmp_path: Path, parts: Site) -> None:
    """It is taken, and goes to the postmaster in place of its recipients."""
    async with site(tmp_path, parts) as exim:
        sent = await exim.send(SPAM, *LOGIN)
        assert sent.code == 0, sent.out
        await exim.logged(" Completed")
        log, mail = exim.log(), await exim.delivered()
    assert re.findall(r" [=-]> (\S+) ", log) == ["postmaster"], log
    assert re.search(r"^Envelope-to: carol@exim.test,\s+bob@exim.test$", mail, re.M)


@pytest.mark.parametrize("parts", [ours, the_guides])
async def test_spam_of_a_stranger(tmp_path: Path, parts: Site) -> None:
    """It is refused, and nobody gets it."""
    async with site(tmp_path, parts) as exim:
        sent = await exim.send_from(STRANGER, SPAM)
        assert b"<** 550 " in sent.out, sent
        assert not (exim.folder / "mail" / "mbox").exists()
