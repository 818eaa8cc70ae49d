"""Mail::DMARC's HTTP service; it knows three policies and fails in seven ways."""

import json
from typing import Any

from tests.fakes.faults import Fault, FaultyProtocol

POLICIES = {
    "example.com": "reject",
    "example.net": "quarantine",
    "example.org": "none",
}


def reply(told: Any, status: bytes = b"200 OK") -> bytes:
    """As Net::Server::HTTP writes it: the end of the connection ends it."""
    head = b"HTTP/1.0 " + status + b"\r\nDate: Sat Nov 21 16:35:31 2026 GMT\r\n"
    kind = b"Connection: close\r\nContent-type: application/json\r\n\r\n"
    return head + kind + json.dumps(told).encode() + b"\n"


def judged(result: str, disposition: str = "none", domain: str = "") -> bytes:
    told = {"result": result, "disposition": disposition, "spf": "", "dkim": ""}
    published = {"v": "DMARC1", "p": disposition, "domain": domain}
    return reply({**told, "published": published} if domain else told)


class FakeMailDMARC(FaultyProtocol):
    """
    Proofs align if their domain is the author's.

    @ivar reply: said instead of its own judgement of a message.
    @ivar request: what came.
    """

    def __init__(
        self, fault: Fault | None = None, *, reply: bytes | None = None
    ) -> None:
        super().__init__(fault)
        self._reply = reply
        self.request = b""

    @property
    def told(self) -> dict[str, Any]:
        """What it was asked."""
        found: dict[str, Any] = json.loads(self.request.partition(b"\r\n\r\n")[2])
        return found

    def dataReceived(self, data: bytes) -> None:
        self.request += data
        head, blank, body = self.request.partition(b"\r\n\r\n")
        if blank and b"\r\nContent-Length: %d\r\n" % len(body) in head + b"\r\n":
            assert head.startswith(b"POST /dmarc/json/validate HTTP/1.1\r\n")
            told = self.told
            self.answer((self._reply if told else None) or _judgement(told))


def _judgement(told: dict[str, Any]) -> bytes:
    for name in ("envelope_from", "envelope_to"):
        if told.get(name, "").endswith(".internal"):
            return reply({"err": f"invalid {name} at /usr/share/x.pm line 62.\n"})
    author = told.get("header_from")
    if author is None:
        return judged("fail")
    proofs = (*told.get("spf", ()), *told.get("dkim", ()))
    if author not in POLICIES:
        return judged("none")
    if any(p["result"] == "pass" and p["domain"] == author for p in proofs):
        return judged("pass", domain=author)
    return judged("fail", POLICIES[author], author)
