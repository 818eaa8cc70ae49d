"""spamc 4.0 in every mode against the spamd door, over TCP and UNIX sockets.

spamc -> spamd door -> decision -> spamc's output and exit code
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.access import Access
from sc.listeners.spamd.service import SpamdService
from sc.listeners.spamd.session import Door
from sc.listeners.spamd.settings import SpamdSettings
from sc.model.decision import Action, ScoredSymbol
from tests.fakes.flow import decision_of, stub_flow
from tests.fakes.inline_threads import INLINE
from tests.programs import Finished, program, run

pytestmark = pytest.mark.peer

PERL = """
use Mail::SpamAssassin::Client;
my $mail = do { local $/; <STDIN> };
my $client = Mail::SpamAssassin::Client->new({host => "127.0.0.1", port => $ARGV[0]});
print $client->ping() ? "up" : "down", "\n";
for my $reply ($client->check($mail), $client->process($mail)) {
    print "$reply->{isspam} $reply->{score} $reply->{threshold}\n";
    print $reply->{message} // "";
}
"""
MAIL = b"From: a@example.org\nSubject: lunch\nX-Spam-Flag: YES\n\n.text\n"
SYMBOLS = (ScoredSymbol("GTUBE", 5.0), ScoredSymbol("DATE_MISSING", 1.5))
SPAM, HAM = Action.ADD_HEADER, Action.NO_ACTION


@asynccontextmanager
async def door(action: Action, endpoint: str = "") -> AsyncIterator[list[str]]:
    """Yields spamc's options for where to connect."""
    flow = stub_flow(decision_of(action, *SYMBOLS), clock=reactor)
    where = endpoint or "tcp:0:interface=127.0.0.1"
    service = SpamdService(
        reactor, reactor, Door(flow, Access(), SpamdSettings((where,)), INLINE)
    )
    service.startService()
    try:
        [listening] = service
        port = str(getattr(listening.port.getHost(), "port", ""))
        options = ["-d", "127.0.0.1", "-p", port]
        yield options if port else ["-U", endpoint.removeprefix("unix:")]
    finally:
        await service.stopService()


async def spamc(action: Action, *options: str, mail: bytes = MAIL) -> Finished:
    async with door(action) as where:
        return await run([program("spamc"), *where, "-u", "joe", *options], mail)


@pytest.mark.parametrize(("action", "code"), [(SPAM, 1), (HAM, 0)])
async def test_check(action: Action, code: int) -> None:
    """`spamc -c` prints the score, and exits 1 for spam."""
    done = await spamc(action, "-c", "-x")
    score = b"6.5" if action is SPAM else b"1.2"
    assert (done.out, done.code) == (score + b"/6.0\n", code)


async def test_symbols() -> None:
    """`spamc -y` prints the names."""
    done = await spamc(SPAM, "-y")
    assert (done.out, done.code) == (b"DATE_MISSING,GTUBE", 0)


@pytest.mark.parametrize("mode", ["-R", "-r"])
async def test_report(mode: str) -> None:
    """`spamc -R` and `-r` print score and report; `-E` exits 1."""
    done = await spamc(SPAM, mode, "-E")
    assert done.out.startswith(b"6.5/6.0\nAction: add header\n")
    assert b" 5.0 GTUBE\n" in done.out
    assert done.code == 1


async def test_report_if_spam_of_ham() -> None:
    """`spamc -r` has nothing to report about ham."""
    done = await spamc(HAM, "-r", "-E")
    assert (done.out, done.code) == (b"", 0)


@pytest.mark.parametrize("mode", ["--headers", "-x"])
@pytest.mark.parametrize(("action", "code"), [(SPAM, 1), (HAM, 0)])
async def test_process(mode: str, action: Action, code: int) -> None:
    """`spamc` and `spamc --headers` give the mail back with our fields on top."""
    done = await spamc(action, mode, "-E")
    flag = b"X-Spam-Flag: YES\n" if action is SPAM else b""
    assert done.out.startswith(flag + b"X-Spam-Checker-Version: sc ")
    assert done.out.endswith(b"From: a@example.org\nSubject: lunch\n\n.text\n")
    assert done.out.count(b"X-Spam-Flag") == (1 if flag else 0)
    assert done.code == code


async def test_process_large() -> None:
    """A message that lies in a file comes back whole."""
    body = b"".join(b"%07d line of a long message\n" % n for n in range(60_000))
    done = await spamc(HAM, "-x", "-s", "4000000", mail=MAIL + body)
    assert done.out.endswith(b"\n\n.text\n" + body)
    assert done.code == 0


async def test_ping() -> None:
    """`spamc -K` hears us."""
    done = await spamc(HAM, "-K")
    assert (done.out, done.code) == (b"SPAMD/1.5 0\n", 0)


@pytest.mark.parametrize("kind", ["spam", "ham", "forget"])
async def test_learn(kind: str) -> None:
    """`spamc -L` sees that nothing was learned."""
    done = await spamc(SPAM, "-L", kind)
    assert (done.out, done.code) == (b"", 74)


@pytest.mark.parametrize("kind", ["report", "revoke"])
async def test_collaborate(kind: str) -> None:
    """`spamc -C` gives the mail back and claims nothing."""
    done = await spamc(SPAM, "-C", kind)
    assert b"successfully" not in done.out
    assert done.out.endswith(MAIL)


async def test_soft_reject() -> None:
    """A soft reject is no verdict: `-x` exits 74, without it the mail passes."""
    failed = await spamc(Action.SOFT_REJECT, "-c", "-x")
    assert (failed.out, failed.code) == (b"0/0\n", 74)
    passed = await spamc(Action.SOFT_REJECT)
    assert (passed.out, passed.code) == (MAIL, 0)


async def test_bsmtp() -> None:
    """`spamc -B` filters what stands between DATA and the dot."""
    before = b"MAIL FROM:<a@example.org>\nRCPT TO:<b@example.net>\nDATA\n"
    batch = before + MAIL.replace(b"\n.", b"\n..") + b".\nQUIT\n"
    done = await spamc(SPAM, "-B", "-x", mail=batch)
    assert done.out.startswith(before + b"X-Spam-Flag: YES\n")
    assert done.out.endswith(b"\n\n..text\n.\nQUIT\n")


async def test_unix_socket(tmp_path: Path) -> None:
    """`spamc -U` asks through a UNIX socket."""
    async with door(SPAM, f"unix:{tmp_path}/s") as where:
        done = await run([program("spamc"), *where, "-c", "-x"], MAIL)
    assert (done.out, done.code) == (b"6.5/6.0\n", 1)


async def test_perl_client() -> None:
    """Mail::SpamAssassin::Client sends two octets too many and does not half-close."""
    perl = program("perl")
    if (await run([perl, "-MMail::SpamAssassin::Client", "-e1"])).code:
        pytest.skip("Mail::SpamAssassin is not installed: run tests/install-peers")
    async with door(SPAM) as where:
        done = await run([perl, "-we", PERL, where[-1]], MAIL)
    assert done.out.startswith(b"up\nTrue 6.5 6\nTrue 6.5 6\nX-Spam-Flag: YES\n")
    assert done.out.endswith(b"\n\n.text\n")
