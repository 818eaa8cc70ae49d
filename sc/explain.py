"""The whole story behind an id: of a reply, a log line, a header field or a report."""

import re
from functools import partial

from attrs import frozen

from sc.abuse.requests import waiting_since
from sc.history.history import History
from sc.history.table import Line
from sc.outbox import names
from sc.outbox.entry import Entry
from sc.store.interface import Cursor, Store

MAX_NAME = 998
"""Characters: the longest Message-ID that fits into a line."""

# `X-SC-Report-Id: r1; v=1; ...`, `<id@host>`, `id=...`: as people copy them.
_WRAPPED = re.compile(r"\s*(?:x-sc-[a-z-]{1,20}:|id=|<)?\s*([^\s;<>]{1,998})", re.I)


class UnknownNameError(LookupError):
    """Nothing is known about that id, or no longer."""


@frozen
class Story:
    """
    @ivar lines: of the mail log, the oldest first.
    @ivar reports: about the message, the oldest first.
    @ivar mails: the reports whose mail is still kept.
    @ivar waiting: since when (seconds since 1970) a request to report it waits; None:
        none does.
    """

    message_id: str
    lines: tuple[Line, ...]
    reports: tuple[Entry, ...]
    mails: frozenset[str]
    waiting: float | None


@frozen
class Explainer:
    _store: Store
    _history: History

    async def explain(self, name: str) -> Story:
        """
        @raise UnknownNameError: there is nothing to tell.
        @raise StoreError: the store cannot be read.
        """
        match = _WRAPPED.match(name[:MAX_NAME])
        if match is None:
            raise UnknownNameError("that is no id")
        told = await self._store.transact(partial(_read, name=match[1]))
        lines = await self._history.of(told.message_id)
        if not (lines or told.reports or told.waiting):
            raise UnknownNameError("nothing is known about that id, or no longer")
        return Story(told.message_id, lines, told.reports, told.mails, told.waiting)


@frozen
class _Told:
    message_id: str
    reports: tuple[Entry, ...]
    mails: frozenset[str]
    waiting: float | None


def _read(cursor: Cursor, name: str) -> _Told:
    found = names.message_of(cursor, name) or names.message_of(cursor, f"<{name}>")
    message_id = found or name
    return _Told(
        message_id,
        names.about(cursor, message_id),
        names.kept_mails(cursor, message_id),
        waiting_since(cursor, message_id),
    )
