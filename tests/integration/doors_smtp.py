"""The LMTP and SMTP doors' client: swaks, and smtp-sink behind."""

import re

from tests.integration.daemon import Daemon
from tests.integration.doors import FAILED_SCAN, Ask, Mail, Said, without_id
from tests.integration.postfix_tools import Sink
from tests.programs import program, run


async def swaks(port: int, protocol: str, mail: Mail) -> list[str]:
    """The server's last words: the reply to the final dot, for each recipient."""
    argv = [program("swaks"), "--server", f"127.0.0.1:{port}", "--protocol", protocol]
    argv += ["--from", mail.sender, "--to", ",".join(mail.recipients), "--data", "-"]
    done = await run([*argv, "--helo", "client.example.org"], mail.content)
    _, _, after = done.out.decode("latin-1").partition("\n -> .\n")
    return re.findall(r"^<[-*~]+ +(\d{3} .*)$", after.partition("\n -> ")[0], re.M)


def undelivered(protocol: str) -> Ask:
    """LMTP and SMTP without a next hop: the answer tells action and score."""

    async def ask(daemon: Daemon, mail: Mail) -> Said:
        replies = await swaks(daemon.ports[protocol], protocol.upper(), mail)
        assert len(set(replies)) == 1, replies
        found = re.fullmatch(
            r"451 4\.3\.5 scanned, not delivered: (.*) (\S+)", replies[0]
        )
        assert found is not None, replies
        return {"action": found[1], "score": found[2]}

    return ask


def delivered(port: int, protocol: str, sink: Sink) -> Ask:
    """LMTP and SMTP with a next hop: the fields in what arrives, or a refusal."""

    async def ask(daemon: Daemon, mail: Mail) -> Said:
        before = set(sink.folder.iterdir())
        replies = await swaks(port, protocol.upper(), mail)
        arrived = set(sink.folder.iterdir()) - before
        if not arrived:
            action = "reject" if replies[0].startswith("550 5.7.1 ") else FAILED_SCAN
            assert replies[0][:9] in ("550 5.7.1", "451 4.7.1"), replies
            return {"action": action, "sentence": without_id(replies[0][10:])}
        return _fields(arrived.pop().read_bytes().decode("latin-1"))

    return ask


def _fields(text: str) -> Said:
    head = text.replace("\r\n", "\n").partition("\n\n")[0]
    head = re.sub(r"\n[ \t]", " ", head)
    found = dict(re.findall(r"^(X-Spam[\w-]*): (.*)$", head, re.MULTILINE))
    reason = re.search(r"; reason=(\S+)", found["X-Spam-Scanner"])
    assert reason, head
    names = re.findall(r"([A-Z]\w*)\(", found["X-Spam-Symbols"])
    return {
        "action": found["X-Spam-Action"],
        "score": found["X-Spam-Score"].partition(" / ")[0],
        "reason": reason[1],
        "symbols": set(names),
    }
