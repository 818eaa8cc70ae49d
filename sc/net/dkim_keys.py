"""The keys of DKIM signatures, by our own resolver: dkimpy's would block, unbounded."""

from collections.abc import Iterable
from typing import Protocol

from twisted.internet.defer import Deferred, FirstError, gatherResults

from sc.content.dkim_key import KeyRecordError, PublicKey, read_record
from sc.content.dkim_verify import KeyProblem, Result
from sc.net.resolver import NotFoundError, ResolveError

MAX_RECORDS = 5
"""TXT records at one name that are read; RFC 6376 3.6.2.2 knows one."""


class Texts(Protocol):
    """What `sc.net.resolver.RecordResolver` does."""

    async def txt(self, name: str) -> tuple[bytes, ...]:
        """@raise ResolveError: there is none, or nobody could tell."""
        ...


async def find_keys(
    resolver: Texts, names: Iterable[str]
) -> dict[str, PublicKey | KeyProblem]:
    """
    The key at each name, all asked at once; never fails, and takes no longer than
    the resolver for one question.
    """
    wanted = list(dict.fromkeys(names))
    asking = [Deferred.fromCoroutine(_find(resolver, name)) for name in wanted]
    try:
        found = await gatherResults(asking, consumeErrors=True)
    except FirstError as e:  # So Twisted wraps it when the whole is cancelled.
        raise (e.subFailure.value or e) from None
    return dict(zip(wanted, found, strict=True))


async def _find(resolver: Texts, name: str) -> PublicKey | KeyProblem:
    try:
        records = await resolver.txt(name)
    except NotFoundError:
        return KeyProblem(Result.PERMERROR, "its key is not in DNS")
    except ResolveError:
        return KeyProblem(Result.TEMPERROR, "its key cannot be looked up now")
    reason = ""
    for record in records[:MAX_RECORDS]:
        try:
            return read_record(record)
        except KeyRecordError as e:
            reason = reason or str(e)
    return KeyProblem(Result.PERMERROR, f"its key record: {reason}")
