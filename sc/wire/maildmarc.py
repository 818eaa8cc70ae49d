"""Mail::DMARC's HTTP service, the client's side: `POST /dmarc/json/validate`.

It judges from what it is told of SPF and DKIM, and asks DNS for the policy. Its
errors are status 200, too, with `{"err": ...}`.
"""

import json
import re
from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from sc.wire import http_client
from sc.wire.http_client import ProtocolError, Request
from sc.wire.json_reply import read_object

REPLY_LIMIT = 64 * 1024
PATH = "/dmarc/json/validate"
MAX_SIGNATURES = 32

_DOMAIN = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.){1,30}[A-Za-z][A-Za-z0-9-]{1,62}")
_NOT_SHOWN = re.compile(r"[^\x20-\x7e]")


class Disposition(Enum):
    """What the author's domain wants done with what is not its own."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Result(Enum):
    """`NONE`: there is no policy, or DNS did not tell it."""

    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    NONE = "none"


@frozen
class Proof:
    """
    One result of SPF or DKIM, in the words of RFC 8601.

    @ivar detail: SPF's scope, `mfrom` or `helo`; DKIM's selector.
    """

    domain: str
    result: str
    detail: str


@frozen
class Facts:
    """What a judgement needs; what is not known is "" or empty."""

    author: str
    source_ip: str = ""
    envelope_from: str = ""
    envelope_to: str = ""
    spf: tuple[Proof, ...] = ()
    dkim: tuple[Proof, ...] = ()


@frozen
class Judged:
    """@ivar domain: whose policy it is, the author's or one above; "": nobody's."""

    result: Result
    disposition: Disposition
    domain: str = ""

    def is_about(self, facts: Facts) -> bool:
        """
        Whether it can be the answer to them.

        A process of `dmarc_httpd` judges its first message anew for each later one,
        unless it ends behind it: CGI.pm keeps what it has read.
        """
        if self.domain and not f".{facts.author}".endswith(f".{self.domain}"):
            return False
        proofs = (*facts.spf, *facts.dkim)
        passed = {proof.domain for proof in proofs if proof.result == "pass"}
        if self.result is Result.PASS:
            return bool(passed)
        return self.result is Result.NONE or facts.author not in passed


@frozen
class Refused:
    """@ivar text: why it could not judge, printable and without its own paths."""

    text: str

    @property
    def for_envelope(self) -> bool:
        """It takes no domain below a suffix that it does not know."""
        return self.text.startswith("invalid envelope_")


Reply: TypeAlias = Judged | Refused


def request(facts: Facts) -> Iterable[bytes]:
    """
    Asks for a judgement.

    `header_from` and not `header_from_raw`: Mail::DMARC takes the last domain in a
    field, which its author chooses, and readers show another one.
    """
    told = {
        "header_from": facts.author,
        "source_ip": facts.source_ip,
        "envelope_from": facts.envelope_from,
        "envelope_to": facts.envelope_to,
        "spf": [_told(proof, "scope") for proof in facts.spf],
        "dkim": [_told(proof, "selector") for proof in facts.dkim[:MAX_SIGNATURES]],
    }
    return _post({name: value for name, value in told.items() if value})


def probe() -> Iterable[bytes]:
    """About no author: judged without DNS."""
    return _post({})


def is_domain(text: str) -> bool:
    """Whether it looks like one that Mail::DMARC can be told of."""
    return len(text) <= 253 and _DOMAIN.fullmatch(text) is not None


def parse_reply(octets: bytes) -> Reply:
    """
    @raise ProtocolError: neither a judgement nor an error of its own.
    """
    reply = http_client.parse_reply(octets)
    if reply.status != 200:
        raise ProtocolError(f"status {reply.status}")
    try:
        told = read_object(reply.content)
        if isinstance(told.get("err"), str):
            return Refused(_plain(told["err"]))
        result, disposition = Result(told["result"]), Disposition(told["disposition"])
        published = told.get("published") or {}
        return Judged(result, disposition, str(published.get("domain", "")).lower())
    except (AttributeError, KeyError, ValueError) as e:
        raise ProtocolError("the reply is no judgement") from e


def _post(told: dict[str, object]) -> Iterable[bytes]:
    json_type = (("Content-Type", "application/json"),)
    content = json.dumps(told).encode()
    return http_client.request(Request("POST", PATH, "localhost", json_type, content))


def _told(proof: Proof, detail: str) -> dict[str, str]:
    return {"domain": proof.domain, "result": proof.result, detail: proof.detail}


def _plain(error: str) -> str:
    """Perl says where it died."""
    return _NOT_SHOWN.sub("?", error.partition(" at /")[0][:200])
