"""VirusTotal's API, version 3: what it says of a file, and how it is given one."""

import json
import re
from typing import Any

from attrs import frozen

from sc.wire.json_reply import read_object

_ID = re.compile(r"[A-Za-z0-9_=-]{1,200}")
_LABEL = re.compile(r"[^A-Za-z0-9._:/-]")
MAX_LABEL = 60


class AnswerError(Exception):
    """What came is no answer of this API."""


@frozen
class Report:
    """
    @ivar engines: that looked at the file; 0: nobody there knows it.
    @ivar label: what most of them call it; "" if they do not.
    """

    malicious: int = 0
    suspicious: int = 0
    engines: int = 0
    label: str = ""

    @property
    def doubts(self) -> int:
        return self.malicious + self.suspicious


UNKNOWN = Report()


def read_report(body: bytes) -> Report:
    """
    Of `GET /files/{hash}`.

    @raise AnswerError: it is none.
    """
    attributes = _attributes(_loaded(body))
    threat = attributes.get("popular_threat_classification")
    label = threat.get("suggested_threat_label") if isinstance(threat, dict) else None
    return _report(attributes.get("last_analysis_stats"), label)


def read_analysis(body: bytes) -> Report | None:
    """
    Of `GET /analyses/{id}`; None: it goes on.

    @raise AnswerError: it is none.
    """
    attributes = _attributes(_loaded(body))
    if attributes.get("status") != "completed":
        return None
    return _report(attributes.get("stats"), None)


def read_upload(body: bytes) -> str:
    """
    The analysis' id, of `POST /files`.

    @raise AnswerError: there is none.
    """
    data = _loaded(body).get("data")
    found = data.get("id") if isinstance(data, dict) else None
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise AnswerError
    return found


def form(octets: bytes, boundary: str) -> tuple[str, bytes]:
    """
    The type and body that `POST /files` wants (RFC 7578); the file keeps no name.

    @param boundary: that the file does not have.
    """
    head = (
        f"--{boundary}\r\nContent-Disposition: form-data; name=file; filename=file\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + octets + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def to_cache(report: Report) -> bytes:
    values = [report.malicious, report.suspicious, report.engines, report.label]
    return json.dumps(values).encode()


def from_cache(octets: bytes) -> Report | None:
    """None: somebody else wrote it."""
    try:
        *counts, label = json.loads(octets)
        malicious, suspicious, engines = map(_count, counts)
        return Report(malicious, suspicious, engines, _printable(label))
    except (ValueError, TypeError, RecursionError, AnswerError):
        return None


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        return read_object(body)
    except ValueError:
        raise AnswerError from None


def _attributes(told: dict[str, Any]) -> dict[str, Any]:
    data = told.get("data")
    attributes = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(attributes, dict):
        raise AnswerError
    return attributes


def _report(stats: Any, label: Any) -> Report:
    if not isinstance(stats, dict):
        raise AnswerError
    malicious, suspicious = (
        _count(stats.get("malicious")),
        _count(stats.get("suspicious")),
    )
    others = sum(_count(stats.get(name, 0)) for name in ("harmless", "undetected"))
    return Report(
        malicious, suspicious, malicious + suspicious + others, _printable(label)
    )


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10_000:
        raise AnswerError
    return value


def _printable(label: Any) -> str:
    return _LABEL.sub("_", label[:MAX_LABEL]) if isinstance(label, str) else ""
