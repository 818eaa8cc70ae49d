"""Links that only wrap another: read the inner one without asking anybody.

A mail filter's wrapper protects the recipient: its operator never gets a complaint,
not even for a wrapper that cannot be read. An open redirector's target counts, and
the redirector stays in the chain as evidence.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from sc.content.urls import Url, canonical
from sc.content.wrappers import WRAPPERS, Wrapper

MAX_LEVELS = 10
"""Wrappers in wrappers; four is the most that real mail showed."""

_PATH = re.compile(r"[a-z]+://[^/]*")


class Unwrapped(NamedTuple):
    """
    @ivar url: the innermost; None if a protector's wrapper keeps its secret.
    @ivar chain: the wrappers, outermost first.
    """

    url: Url | None
    chain: tuple[str, ...] = ()


def wraps(host: str) -> bool:
    """False for most hosts: nothing of theirs need be unwrapped."""
    return bool(_of_host(host))


def unwrap(url: Url) -> Unwrapped:
    """Take wrappers off until none is left, or `MAX_LEVELS`."""
    wrapper = _find(url)
    if wrapper is None:
        return Unwrapped(url)
    chain: list[str] = []
    while wrapper and len(chain) < MAX_LEVELS:
        inner = canonical(wrapper.read(url) or "")
        if inner is None or inner.href in (url.href, *chain):
            break
        chain.append(url.href)
        url = inner
        wrapper = _find(url)
    hidden = wrapper is not None and wrapper.protector
    return Unwrapped(None if hidden else url, tuple(chain))


def is_protected(url: Url) -> bool:
    """It is a mail filter's wrapper, made for its recipient."""
    wrapper = _find(url)
    return wrapper is not None and wrapper.protector


def _find(url: Url) -> Wrapper | None:
    wrappers = _of_host(url.host)
    if not wrappers:
        return None
    path = _PATH.sub("", url.href, count=1)
    return next((w for w in wrappers if w.path.match(path)), None)


@lru_cache(4096)
def _of_host(host: str) -> tuple[Wrapper, ...]:
    """Those of the host itself, then those of each domain above it."""
    found: tuple[Wrapper, ...] = ()
    while host:
        found += WRAPPERS.get(host, ())
        host = host.partition(".")[2]
    return found
