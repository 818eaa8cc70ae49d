"""What a page writes on its links: where each leads, and where it says it leads."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sc.content.attributes import read, resolved
from sc.content.urls import Url, canonical

MAX_ANCHORS = 2000
"""Of one page; a long newsletter has a hundred."""

# `[^<>]`: an attribute with a bracket in it is not worth a second pass over the page.
_ANCHOR = re.compile(
    r"<[aA](?=\s)([^<>]{0,4096}+)>((?>(?:[^<]++|<(?!/?[aA][\s>]))*))", re.DOTALL
)
_TAG = re.compile(r"<[^<>]*+>")
# A host name alone, or a URL: words about a link are no claim.
_SHOWN = re.compile(r"\s*+((?:https?://|www\.)[^\s<>\"]{4,2000}+)\s*+", re.IGNORECASE)


class Anchor(NamedTuple):
    """
    @ivar url: where it leads.
    @ivar shown: where its text says that it leads.
    """

    url: Url
    shown: Url


def find_anchors(page: str) -> Iterator[Anchor]:
    """The links whose text is itself a URL; one pass, never raises."""
    for match, _ in zip(_ANCHOR.finditer(page), range(MAX_ANCHORS), strict=False):
        shown = _SHOWN.fullmatch(resolved(_TAG.sub("", match[2][:4096])))
        if shown is None:
            continue
        url = canonical(resolved(read(match[1]).get("href", "")))
        text = shown[1] if "://" in shown[1] else "http://" + shown[1]
        said = canonical(text)
        if url and said:
            yield Anchor(url, said)
