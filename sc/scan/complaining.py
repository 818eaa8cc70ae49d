"""Feedback reports about mail of our own users: each counts against its user, once.

Only whoever has got a message knows its `X-SC-Id`, so the id is what a complaint is
believed by. The mail log's kept lines tell whose message it was.
"""

import re

from attrs import field, frozen
from twisted.logger import Logger

from sc.content.feedback import read_feedback
from sc.history.history import History
from sc.maillog import plain
from sc.model.message import Message
from sc.offload import Offload
from sc.scan.outbreak import Outbreak
from sc.store.cache import Cache

KEPT = 7 * 86400.0
"""Seconds for which the same complaint counts once."""

_OURS = re.compile(r"scanned id=\S+ .*direction=outbound .*user=(\S+) from=")


@frozen
class Complaining:
    """Takes what comes for a `feedback` route."""

    _outbreak: Outbreak
    _history: History
    _cache: Cache
    _offload: Offload
    _log: Logger = field(factory=lambda: Logger("sc.outbreak"))

    async def take(self, message: Message) -> None:
        """
        Return when it has counted. What is none is only told in the log.

        @raise StoreError: whose message it was cannot be read.
        """
        content = message.content
        feedback = await self._offload(len(content), read_feedback, content)
        ids = feedback.ids if feedback else ()
        for sc_id in ids:
            user = await self._user_of(sc_id)
            if user and await self._is_new(sc_id):
                await self._outbreak.complained(user, sc_id)
            self._tell(message, feedback.kind if feedback else "", sc_id, user)
        if not ids:
            self._tell(message, feedback.kind if feedback else "", "", "")

    async def _user_of(self, sc_id: str) -> str:
        """ "" if it was no message of a user, or nobody knows any more."""
        for line in await self._history.of(sc_id):
            match = _OURS.match(line.text)
            if match is not None and match[1] != "-":
                return match[1]
        return ""

    async def _is_new(self, sc_id: str) -> bool:
        counted = await self._cache.add_many({f"complaint:{sc_id}": 1}, KEPT)
        return counted.get(f"complaint:{sc_id}", 1) == 1

    def _tell(self, message: Message, kind: str, about: str, user: str) -> None:
        self._log.info(
            "complaint id={id} about={about} user={user} kind={kind}",
            id=message.id,
            about=about or "-",
            user=user or "-",
            kind=plain(kind) or "-",
        )
