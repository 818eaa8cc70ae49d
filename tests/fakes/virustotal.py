"""VirusTotal's API, version 3, in the shapes that it has."""

import json
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from tests.fakes.web import Request, http

KEY = "0123456789abcdef"


def _error(status: int, code: str, headers: Mapping[str, str] | None = None) -> bytes:
    body = {"error": {"code": code, "message": f"{code} of a fake"}}
    return http(status, json.dumps(body).encode(), headers)


def stats(malicious: int = 0, suspicious: int = 0) -> dict[str, int]:
    return {
        "malicious": malicious,
        "suspicious": suspicious,
        "undetected": 60,
        "harmless": 0,
        "timeout": 1,
        "confirmed-timeout": 0,
        "failure": 0,
        "type-unsupported": 8,
    }


@define
class FakeVirusTotal:
    """
    @ivar files: what is known, by hash.
    @ivar pending: looks at an analysis before it is ready.
    @ivar quota: questions that are left.
    """

    files: dict[str, dict[str, int]] = field(factory=dict)
    pending: int = 0
    quota: int = 100
    retry_after: str = "120"

    def answer(self, request: Request) -> bytes:
        if request.headers.get("x-apikey") != KEY:
            return _error(401, "WrongCredentialsError")
        if self.quota <= 0:
            after = {"Retry-After": self.retry_after}
            return _error(429, "QuotaExceededError", after)
        self.quota -= 1
        if request.method == "POST" and request.path == "/files":
            return _told({"type": "analysis", "id": "YWJj==", "links": {}})
        kind, _, name = request.path[1:].partition("/")
        if kind == "analyses":
            return self._analysis(name)
        if name not in self.files:
            return _error(404, "NotFoundError")
        threat = {"suggested_threat_label": "trojan.emotet/x"}
        attributes: dict[str, Any] = {"last_analysis_stats": self.files[name]}
        if self.files[name]["malicious"]:
            attributes["popular_threat_classification"] = threat
        return _told({"type": "file", "id": name, "attributes": attributes})

    def _analysis(self, name: str) -> bytes:
        self.pending -= 1
        status = "queued" if self.pending >= 0 else "completed"
        attributes = {"status": status, "stats": stats(malicious=5)}
        return _told({"type": "analysis", "id": name, "attributes": attributes})


def _told(data: Mapping[str, Any]) -> bytes:
    return http(200, json.dumps({"data": data}).encode())
