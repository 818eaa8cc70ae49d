"""The sender of a report, by which its bounce is known: `bounces+ID-MAC@example.org`.

VERP with a MAC: a stranger who could bounce our reports could silence any desk. Pure.
"""

import base64
import hashlib
import hmac

from attrs import field, frozen

from sc.abuse.bounces.settings import BounceSettings

MAC_LETTERS = 16
"""80 bits in base 32; MTAs may change the case of a local part."""


@frozen
class ReturnPaths:
    """
    @ivar address: of the mailbox, without an extension.
    @ivar key: secret; all nodes of a site share it.
    """

    address: str
    delimiter: str
    key: bytes = field(repr=False)

    def make(self, report_id: str) -> str:
        local, _, domain = self.address.partition("@")
        return f"{local}{self.delimiter}{report_id}-{self._mac(report_id)}@{domain}"

    def report_of(self, recipient: str) -> str:
        """The report whose sender this is; "" if we did not make it."""
        local, _, domain = self.address.lower().partition("@")
        given, _, where = recipient.lower().rpartition("@")
        before = local + self.delimiter
        if where != domain or not given.startswith(before):
            return ""
        report_id, _, mac = given.removeprefix(before).rpartition("-")
        # compare_digest takes ASCII only, and a stranger wrote this.
        expected = self._mac(report_id).encode()
        same = hmac.compare_digest(expected, mac.encode("utf-8", "replace"))
        return report_id if same else ""

    def _mac(self, report_id: str) -> str:
        # The key also seals X-SC-Report-Id: neither MAC may pass for the other.
        text = b"return-path\0" + report_id.encode("utf-8", "replace")
        digest = hmac.digest(self.key, text, hashlib.sha256)
        return base64.b32encode(digest)[:MAC_LETTERS].decode().lower()


def return_paths(settings: BounceSettings, key: bytes) -> ReturnPaths | None:
    """None: reports have no sender of their own."""
    if not settings.address:
        return None
    return ReturnPaths(settings.address, settings.delimiter, key)
