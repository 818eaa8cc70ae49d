"""The spamd door's clients: real spamc, and RSPAMC and SPAMC as Exim speaks them."""

import re

from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from tests.integration.daemon import Daemon
from tests.integration.doors import FAILED_SCAN, Mail, Said, without_id
from tests.programs import program, run


class _Exchange(Protocol):
    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._answer = bytearray()
        self.done: Deferred[bytes | None] = Deferred()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._octets)

    def dataReceived(self, data: bytes) -> None:
        self._answer += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        clean = reason.check(ConnectionDone) is not None
        self.done.callback(bytes(self._answer) if clean else None)


async def exchange(port: int, octets: bytes) -> bytes | None:
    """Everything that the server says until it hangs up; None if it resets."""
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    protocol = await connectProtocol(endpoint, _Exchange(octets))
    answer: bytes | None = await protocol.done.addTimeout(60.0, reactor)
    return answer


async def _spamc(daemon: Daemon, mail: Mail, mode: str) -> tuple[int, str]:
    where = ["-d", "127.0.0.1", "-p", str(daemon.ports["spamd"])]
    done = await run([program("spamc"), *where, "-x", "-E", mode], mail.content)
    return done.code, done.out.decode()


async def spamc_check(daemon: Daemon, mail: Mail) -> Said:
    """`spamc -c`: two numbers, and 1 for spam; 74 is a reset connection."""
    code, printed = await _spamc(daemon, mail, "-c")
    if code not in (0, 1):
        return {"action": FAILED_SCAN}
    score, threshold = printed.strip().split("/")
    return {"spam": code == 1, "score": score, "threshold": threshold}


async def spamc_report(daemon: Daemon, mail: Mail) -> Said:
    """`spamc -R`: our report has the words."""
    code, printed = await _spamc(daemon, mail, "-R")
    if code not in (0, 1):
        return {"action": FAILED_SCAN}
    lines = printed.splitlines()
    found = dict(line.split(": ", 1) for line in lines[1:4])
    return {
        "spam": code == 1,
        "score": lines[0].partition("/")[0],
        "action": found["Action"],
        "reason": found["Reason"],
        "sentence": without_id(lines[5]),
    }


async def spamc_symbols(daemon: Daemon, mail: Mail) -> Said:
    """`spamc -y`: the names alone."""
    code, printed = await _spamc(daemon, mail, "-y")
    if code not in (0, 1):
        return {"action": FAILED_SCAN}
    return {"symbols": set(filter(None, printed.strip().split(",")))}


async def rspamc(daemon: Daemon, mail: Mail) -> Said:
    """RSPAMC CHECK as Exim asks; `quarantine` has a symbol in place of a word."""
    lines = ["CHECK RSPAMC/1.3", f"Content-length: {len(mail.content)}"]
    lines += [f"{name}: {value}" for name, value in mail.told]
    head = "\r\n".join([*lines, "", ""]).encode()
    answer = await exchange(daemon.ports["spamd"], head + mail.content)
    assert answer is not None
    text = answer.decode().replace("\r\n", "\n")
    metric = re.search(r"^Metric: default; (\w+); (\S+) / (\S+) / ", text, re.MULTILINE)
    action = re.search(r"^Action: (.*)$", text, re.MULTILINE)
    assert metric is not None, text
    assert action is not None, text
    symbols = set(re.findall(r"^Symbol: (\w+)\(", text, re.MULTILINE))
    aside = "SC_QUARANTINE" in symbols
    said: Said = {
        "action": "quarantine" if aside else action[1],
        "score": metric[2],
        "symbols": symbols - {"SC_QUARANTINE"},
    }
    if sentence := re.search(r"^Message: (.*)$", text, re.MULTILINE):
        said["sentence"] = without_id(sentence[1])
    return said


async def exim_spamc(daemon: Daemon, mail: Mail) -> Said:
    """SPAMC REPORT as Exim asks: the envelope stands above the message."""
    above = (
        "From MAILER-DAEMON Fri Nov 20 10:00:00 2026\r\n"
        f"X-Envelope-From: <{mail.sender}>\r\n"
        f"X-Envelope-To: {', '.join(mail.recipients)}\r\n"
    )
    body = above.encode() + mail.content
    head = f"REPORT SPAMC/1.2\r\nContent-length: {len(body)}\r\n\r\n"
    answer = await exchange(daemon.ports["spamd"], head.encode() + body)
    assert answer is not None
    text = answer.decode().replace("\r\n", "\n")
    found = re.search(r"^Spam: (\w+) ; (\S+) / (\S+)\n\nAction: (.*)$", text, re.M)
    assert found is not None, text
    return {"spam": found[1] == "True", "score": found[2], "action": found[4]}
