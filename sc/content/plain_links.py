"""URLs in plain text, as mail readers make them clickable."""

import re
from collections.abc import Iterator

# What no reader takes for a part of a URL: blanks, angle brackets, quotes (also
# typographic ones), and the punctuation of Chinese and Japanese.
_STOP = (
    r"\s<>\"\x00-\x20\xab\xbb\u2018\u2019\u201c-\u201e"
    r"\u3000-\u303f\uff01-\uff0d\uff1a-\uff20"
)
# The rarest character stands first, the colon or the `w`: the search for a set is
# fast. What must stand before it, no letter or digit before that, is looked at then.
_SCHEMES = "|".join(
    f"(?<={scheme}:)(?<![A-Za-z0-9]{scheme}:)"
    for scheme in ("[hH][tT][tT][pP]", "[hH][tT][tT][pP][sS]", "[fF][tT][pP]")
)
_URL = re.compile(
    rf"[:wW](?:(?:{_SCHEMES})//|(?<=[wW])(?<![A-Za-z0-9].)[wW][wW]\.)[^{_STOP}]++"
)
_ENDS = ("http", "https", "ftp")
_PUNCTUATION = frozenset(".,;:!?'*_~`|")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_ENDINGS = _PUNCTUATION | _PAIRS.keys()

MAX_URLS = 5000
"""Occurrences read in one text."""


def find_urls(text: str) -> Iterator[str]:
    """Absolute URLs; `www.` gets `http://` as readers give it."""
    if "://" not in text and "www." not in text.lower():
        return  # Most pages: all of their links are in tags.
    for match, _ in zip(_URL.finditer(text), range(MAX_URLS), strict=False):
        if match[0][0] == ":":
            before = text[max(match.start() - 5, 0) : match.start()]
            scheme = next(s for s in _ENDS if before.lower().endswith(s))
            yield _trimmed(before[-len(scheme) :] + match[0])
        else:
            yield "http://" + _trimmed(match[0])


def _trimmed(url: str) -> str:
    """Without the sentence's punctuation; `)` stays if its `(` is in the URL."""
    if url[-1] not in _ENDINGS:
        return url
    surplus = {close: url.count(close) - url.count(_PAIRS[close]) for close in _PAIRS}
    end = len(url)
    while True:  # ends at the scheme at the latest
        last = url[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _PUNCTUATION:
            break
        end -= 1
    return url[:end]
