"""The reported message inside of XARF reports. Pure.

Base64 carries every octet, so nothing but what redaction replaces is changed here.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from sc.abuse.reports.redact import Redactor
from sc.content.fields import MAX_HEADER, header_end
from sc.model.octets import Octets

MAX_ANSWER = 3 * 1024 * 1024
"""
Octets in all reports of one answer, before Base64: each report carries its own copy,
a message may have a hundred hosts, and to write 5 MB of JSON takes 14 ms. One item may
have 5 MiB by the schema.
"""


@frozen
class Exhibit:
    """
    @ivar item: the same in each report; None if there is no room for it.
    @ivar note: why there is none.
    """

    item: Mapping[str, Any] | None
    note: str = ""

    @classmethod
    def make(
        cls, content: Octets, redactor: Redactor, limit: int, reports: int
    ) -> "Exhibit":
        """
        The whole message, or what fits of it.

        @param limit: octets of a message that is attached whole.
        @param reports: that share `MAX_ANSWER`.
        """
        room = MAX_ANSWER // reports
        digest = hashlib.sha256(content).hexdigest()
        for kind, octets in _choices(content, min(limit, room)):
            redacted = redactor.message(octets)
            if len(redacted.octets) <= room:
                words = f"{_name(kind, len(content))} SHA-256 as received: {digest}."
                if redacted.count:
                    words += (
                        " Local parts of recipients were replaced by keyed tokens at"
                        f" {redacted.count} places (RFC 6590)."
                    )
                return cls(_item(kind, redacted.octets, words))
        return cls(
            None,
            f"The message ({len(content)} octets) is too large to be evidence in"
            f" {reports} reports; it is available on request. SHA-256: {digest}.",
        )


def _choices(content: Octets, limit: int) -> Iterator[tuple[str, bytes]]:
    """The best first."""
    if len(content) <= limit:
        yield "message/rfc822", content[:]
    end, _ = header_end(content)
    if end <= MAX_HEADER:
        yield "text/rfc822-headers", content[:end]


def _name(kind: str, octets: int) -> str:
    if kind == "message/rfc822":
        return f"The message ({octets} octets)."
    return f"The header section of the message ({octets} octets)."


def _item(kind: str, octets: bytes, words: str) -> Mapping[str, Any]:
    return {
        "content_type": kind,
        "description": words,
        "payload": b64encode(octets).decode("ascii"),
        "hash": f"sha256:{hashlib.sha256(octets).hexdigest()}",
        "size": len(octets),
    }
