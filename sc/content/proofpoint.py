"""The three ways in which Proofpoint's URL Defense wraps a link."""

import re
from html import unescape
from itertools import islice
from urllib.parse import unquote

from sc.content.transfer import decode

# Anchored: each is tried at one place only.
_V1 = re.compile(r"[a-z]+://[^/]+/v1/url\?(?:.*?&)?u=([^&]+)")
_V2 = re.compile(r"[a-z]+://[^/]+/v2/url\?(?:.*?&)?u=([^&]+)")
_V3 = re.compile(r"[a-z]+://[^/]+/v3/__(.+?)__;([A-Za-z0-9_-]*)")
_V3_MARK = re.compile(r"\*(\*.)?")
_ONE_SLASH = re.compile(r"^([a-z]+:)/(?=[^/])", re.IGNORECASE)

_RUN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""v3: `**A` stands for 2 replaced characters, `**_` for 65."""

HOSTS = ("urldefense.com", "urldefense.us", "urldefense.proofpoint.com")


def unwrap(href: str) -> str | None:
    """The wrapped URL; None if `href` is none of the three shapes."""
    if match := _V3.match(href):
        return _v3(match[1], match[2])
    if match := _V2.match(href):
        return unescape(unquote(match[1].translate({45: "%", 95: "/"})))
    if match := _V1.match(href):
        return unescape(unquote(match[1]))
    return None


def _v3(masked: str, encoded: str) -> str:
    """The replaced characters stand in order, as base64url of their UTF-8."""
    octets = decode(encoded.translate({45: "+", 95: "/"}).encode(), "base64")
    replaced = iter(octets.decode("utf-8", "replace"))

    def restore(mark: re.Match[str]) -> str:
        run = mark[1]
        count = _RUN.find(run[1]) + 2 if run else 1
        return "".join(islice(replaced, count))

    return _ONE_SLASH.sub(r"\1//", _V3_MARK.sub(restore, unquote(masked)))
