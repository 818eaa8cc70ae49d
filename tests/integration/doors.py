"""What a client says to a door and hears from it; HTTP's doors are here.

One protocol can say an action, another only `True` and a number: each client returns
the words that it was given, so that a test can compare what can be compared.
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from attrs import frozen

from tests.integration.daemon import Daemon
from tests.programs import program, run

Said: TypeAlias = dict[str, Any]
"""Some of: action, reason, score (text), spam, threshold (text), sentence, symbols."""

Ask: TypeAlias = Callable[[Daemon, "Mail"], Awaitable[Said]]

FAILED_SCAN = "soft reject"
"""What a reset connection means to an SPAMC client."""


@frozen
class Mail:
    """
    A message and its envelope.

    @ivar client_ip: and user: only some protocols can tell them.
    """

    content: bytes
    sender: str = "alice@example.org"
    recipients: tuple[str, ...] = ("bob@example.net",)
    client_ip: str = ""
    user: str = ""

    @property
    def told(self) -> list[tuple[str, str]]:
        """Header fields of RSPAMC; HTTP puts X-Env- before their names."""
        fields = [("From", self.sender), ("IP", self.client_ip), ("User", self.user)]
        fields += [("Rcpt", address) for address in self.recipients]
        return [(name, value) for name, value in fields if value]


async def curl(daemon: Daemon, path: str, body: bytes, *fields: str) -> str:
    """Head and body of the answer."""
    url = f"http://127.0.0.1:{daemon.ports['http']}{path}"
    told = [word for field in fields for word in ("-H", field)]
    argv = [program("curl"), "-s", "-i", *told, "--data-binary", "@-", url]
    done = await run(argv, body)
    return done.out.decode().replace("\r\n", "\n")


def env_fields(mail: Mail) -> list[str]:
    return [f"X-Env-{name}: {value}" for name, value in mail.told]


async def scan(daemon: Daemon, mail: Mail) -> Said:
    """`POST /scan`: the decision stands in the header fields."""
    answer = await curl(daemon, "/scan", mail.content, *env_fields(mail))
    assert answer.startswith("HTTP/1.1 200 "), answer
    found = dict(re.findall(r"^X-SC-(\w+): (.*)$", answer, re.MULTILINE))
    return {
        "action": found["Action"],
        "reason": found["Reason"],
        "score": found["Score"],
    }


async def v1_scan(daemon: Daemon, mail: Mail) -> Said:
    """`POST /v1/scan`, the message as the body."""
    return _v1(await curl(daemon, "/v1/scan", mail.content, *env_fields(mail)))


async def v1_scan_json(daemon: Daemon, mail: Mail) -> Said:
    """`POST /v1/scan`, the message inside JSON."""
    envelope = {
        "from": mail.sender,
        "rcpt": list(mail.recipients),
        "ip": mail.client_ip or None,
        "user": mail.user or None,
    }
    body = {"message": mail.content.decode("ascii"), "envelope": envelope}
    kind = "Content-Type: application/json"
    return _v1(await curl(daemon, "/v1/scan", json.dumps(body).encode(), kind))


def _v1(answer: str) -> Said:
    head, _, body = answer.partition("\n\n")
    assert head.startswith("HTTP/1.1 200 "), answer
    verdict = json.loads(body)
    return {
        "action": verdict["action"],
        "reason": verdict["reason"],
        "score": f"{verdict['score']:.2f}",
        "sentence": without_id(verdict["sentence"]),
        "symbols": {symbol["name"] for symbol in verdict["symbols"]},
    }


def without_id(sentence: str) -> str:
    return re.sub(r"; id \w+$", "", sentence.strip())
