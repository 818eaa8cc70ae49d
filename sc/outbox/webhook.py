"""Takes notices to the URL that the operator gave."""

from collections.abc import Mapping

from attrs import frozen

from sc.model.report import ReportState
from sc.net.fetcher import FetchError, Poster
from sc.net.posting import BeforeBody, Posting
from sc.net.relay_secrets import first_line
from sc.outbox.entry import Entry
from sc.outbox.sender import Ending

MAX_ANSWER = 64 * 1024


@frozen
class WebhookCourier:
    """
    Implements `sc.outbox.sender.Courier`. Whatever is no success is tried again: an
    alarm that comes twice is better than none, and it has an id.

    @ivar token_file: its first line is sent as `Authorization: Bearer`.
    """

    _url: str
    _token_file: str | None
    _poster: Poster

    async def carry(self, entry: Entry, body: bytes, begin: BeforeBody) -> Ending:
        """See `Courier.carry`."""
        try:
            headers = self._headers()
        except (OSError, UnicodeError, ValueError):
            text = "webhook: token_file cannot be read, or holds no token"
            return Ending(ReportState.DEFERRED, text)
        posting = Posting(self._url, "application/json", body, headers)
        try:
            fetched = await self._poster.post(posting, MAX_ANSWER, begin)
        except FetchError as e:
            return Ending(ReportState.DEFERRED, f"webhook: {e}")
        taken = 200 <= fetched.status < 300
        state = ReportState.SENT if taken else ReportState.DEFERRED
        return Ending(state, f"webhook: it answers {fetched.status}")

    def _headers(self) -> Mapping[str, str]:
        if self._token_file is None:
            return {}
        token = first_line(self._token_file)
        if not token or not token.isascii() or not token.isprintable():
            raise ValueError("no token")
        return {"Authorization": f"Bearer {token}"}
