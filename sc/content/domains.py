"""The domain that somebody registered, by the public suffix list."""

from functools import lru_cache

from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList()


@lru_cache(4096)
def registered(host: str) -> str:
    """
    `example.co.uk` for `www.example.co.uk`; a public suffix is its own.

    @param host: in lower case, in A-labels.
    """
    return str(_SUFFIXES.privatesuffix(host) or host)
