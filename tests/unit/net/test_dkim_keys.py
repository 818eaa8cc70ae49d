"""sc.net.dkim_keys: what DNS says of keys, and what it cannot say."""

import pytest
from twisted.internet.defer import CancelledError, Deferred

from sc.content.dkim_key import PublicKey
from sc.content.dkim_verify import KeyProblem, Result
from sc.net.dkim_keys import find_keys
from sc.net.resolver import ResolveError, ResolveFailedError
from tests.fakes.dkim_keys import ed25519_key
from tests.fakes.signed_mail import StubTexts
from tests.unit.content.test_dkim_key import ED25519

GOOD = b"v=DKIM1; k=ed25519; p=" + ED25519


async def test_keys() -> None:
    """Each name is asked once; what is missing, wrong or late says so."""
    assert ed25519_key()
    zone: dict[str, tuple[bytes, ...] | ResolveError] = {
        "good": (b"v=spf1 -all", GOOD),
        "wrong": (b"v=spf1 -all",),
        "down": ResolveFailedError("down"),
        "sixth": (b"junk",) * 5 + (GOOD,),
    }
    texts = StubTexts(zone)
    found = await find_keys(texts, [*zone, "none", "good"])
    assert texts.asked == [*zone, "none"]
    key = found.pop("good")
    assert isinstance(key, PublicKey)
    told = {
        name: (problem.result, problem.reason)
        for name, problem in found.items()
        if isinstance(problem, KeyProblem)
    }
    assert told == {
        "wrong": (Result.PERMERROR, "its key record: it is of an unknown version"),
        "down": (Result.TEMPERROR, "its key cannot be looked up now"),
        "sixth": (Result.PERMERROR, "its key record: it is no list of tags"),
        "none": (Result.PERMERROR, "its key is not in DNS"),
    }


async def test_cancelled() -> None:
    """Who waits no longer ends the questions."""
    asking = Deferred.fromCoroutine(find_keys(StubTexts({}, {"slow"}), ["slow", "x"]))
    asking.cancel()
    with pytest.raises(CancelledError):
        await asking
