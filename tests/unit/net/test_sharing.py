"""Work that is done once for all who ask at the same time."""

import pytest
from twisted.internet.defer import CancelledError, Deferred

from sc.net.sharing import Sharing


class Work:
    """Ends when a test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.left = False
        self.end: Deferred[str] = Deferred()

    async def __call__(self) -> str:
        self.begun += 1
        try:
            return await self.end
        except CancelledError:
            self.left = True
            raise


def ask(sharing: Sharing[str, str], work: Work, key: str = "k") -> Deferred[str]:
    return Deferred.fromCoroutine(sharing.get(key, work))


async def test_one_for_all() -> None:
    """All who wait get the same outcome."""
    sharing: Sharing[str, str] = Sharing()
    work = Work()
    waiting = [ask(sharing, work) for _ in range(3)]
    work.end.callback("done")
    assert [await w for w in waiting] == ["done"] * 3
    assert (work.begun, len(sharing)) == (1, 0)


async def test_error_for_all() -> None:
    """An error reaches everybody, and the next one tries again."""
    sharing: Sharing[str, str] = Sharing()
    work = Work()
    waiting = [ask(sharing, work) for _ in range(2)]
    work.end.errback(ValueError("no"))
    for w in waiting:
        with pytest.raises(ValueError, match="no"):
            await w
    again = Work()
    again.end.callback("yes")
    assert await ask(sharing, again) == "yes"


async def test_last_one_ends_the_work() -> None:
    """The work goes on for who is left, and ends with the last of them."""
    sharing: Sharing[str, str] = Sharing()
    work = Work()
    first, second = ask(sharing, work), ask(sharing, work)
    for waiting, over in ((first, False), (second, True)):
        waiting.cancel()
        with pytest.raises(CancelledError):
            await waiting
        assert work.left is over
    assert len(sharing) == 0


async def test_nobody_joins_what_is_being_ended() -> None:
    """Who comes while cancelled work still winds up gets work of their own."""
    sharing: Sharing[str, str] = Sharing()
    winding: Deferred[None] = Deferred()

    async def slow_end() -> str:
        try:
            return await Deferred()
        finally:
            await winding

    first = Deferred.fromCoroutine(sharing.get("k", slow_end))
    first.cancel()
    with pytest.raises(CancelledError):
        await first
    work = Work()
    second = ask(sharing, work)
    winding.callback(None)
    work.end.callback("mine")
    assert await second == "mine"


async def test_keys_are_apart() -> None:
    """Different questions do not share."""
    sharing: Sharing[str, str] = Sharing()
    one, two = Work(), Work()
    first, second = ask(sharing, one, "1"), ask(sharing, two, "2")
    one.end.callback("1")
    two.end.callback("2")
    assert (await first, await second) == ("1", "2")
