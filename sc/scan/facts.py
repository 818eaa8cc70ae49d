"""What one node saw of a user's spam and has not told the store yet."""

from collections.abc import Iterable
from hashlib import blake2b

from attrs import evolve, field, frozen

from sc.model.message import Message

MAX_ADDRESSES = 50
MAX_SAMPLES = 20
"""Kept of one incident; thousands would tell a responder no more."""

MAX_CONTENT = 16 * 1024
"""Octets of a message that are shown, where the operator allows it."""

MAX_ACCOUNT = 200


def account_of(user: str) -> str:
    """A user's name as a key that can be read: case makes no other user."""
    name = user.lower()
    if len(name) <= MAX_ACCOUNT and name.isprintable():
        return name
    kept = "".join(c if c.isprintable() else "?" for c in name[:MAX_ACCOUNT])
    return f"{kept}#{blake2b(name.encode(), digest_size=8).hexdigest()}"


@frozen
class Facts:
    """
    Times are seconds since 1970.

    @ivar addresses: of the clients.
    @ivar samples: ids of messages.
    @ivar content: of the latest message; empty where it must not be shown.
    """

    first: float
    last: float
    spam: int = 0
    complaints: int = 0
    addresses: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    content: bytes = field(default=b"", repr=False)

    def and_then(self, later: "Facts") -> "Facts":
        return evolve(
            self,
            first=min(self.first, later.first),
            last=max(self.last, later.last),
            spam=self.spam + later.spam,
            complaints=self.complaints + later.complaints,
            addresses=several(self.addresses, later.addresses, MAX_ADDRESSES),
            samples=several(self.samples, later.samples, MAX_SAMPLES),
            content=later.content or self.content,
        )


def several(first: Iterable[str], then: Iterable[str], limit: int) -> tuple[str, ...]:
    """Each once; the first ones are kept."""
    return tuple(dict.fromkeys((*first, *then)))[:limit]


def of_spam(message: Message, now: float, *, content: bool) -> Facts:
    """What a message says of whoever sent it."""
    ip = message.envelope.client_ip
    return Facts(
        now,
        now,
        spam=1,
        addresses=(str(ip),) if ip else (),
        samples=(message.id,),
        content=bytes(message.content[:MAX_CONTENT]) if content else b"",
    )
