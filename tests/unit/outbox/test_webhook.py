"""sc.outbox.webhook: the alarm that is no mail."""

from pathlib import Path

import pytest
from attrs import define, field

from sc.model.report import ReportState as S
from sc.net.fetcher import Fetched, FetchError
from sc.net.posting import BeforeBody, Posting
from sc.outbox.sender import Ending
from sc.outbox.webhook import WebhookCourier
from tests.fakes.http_door import entry

URL = "https://alarm.example/hook"


@define
class FakePoster:
    """@ivar posted: what came, after its body was let go."""

    status: int = 200
    error: FetchError | None = None
    posted: list[Posting] = field(factory=list)

    async def post(
        self, posting: Posting, max_octets: int, before_body: BeforeBody
    ) -> Fetched:
        if self.error is not None:
            raise self.error
        await before_body()
        self.posted.append(posting)
        return Fetched(self.status, {}, b"", posting.url)


async def begin() -> None:
    """Nothing is in its way."""


async def carried(poster: FakePoster, token_file: str | None = None) -> Ending:
    courier = WebhookCourier(URL, token_file, poster)
    return await courier.carry(entry("r-1"), b"{}", begin)


async def test_posted(tmp_path: Path) -> None:
    """JSON, with the operator's token."""
    secret = tmp_path / "token"
    secret.write_text("s3cret\nmore\n")
    poster = FakePoster(204)
    ending = await carried(poster, str(secret))
    assert (ending.state, ending.reason) == (S.SENT, "webhook: it answers 204")
    (posting,) = poster.posted
    assert (posting.url, posting.content_type) == (URL, "application/json")
    assert posting.headers == {"Authorization": "Bearer s3cret"}


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500])
async def test_no_success(status: int) -> None:
    """Whatever else it says, it is tried again: somebody may mend it."""
    ending = await carried(FakePoster(status))
    assert (ending.state, ending.reason) == (
        S.DEFERRED,
        f"webhook: it answers {status}",
    )


async def test_no_answer() -> None:
    """Nor is an alarm lost because nobody answers."""
    ending = await carried(FakePoster(error=FetchError("alarm.example is silent")))
    assert ending == Ending(S.DEFERRED, "webhook: alarm.example is silent")


@pytest.mark.parametrize("octets", [None, b"", b"\xff\n", b"a\x07b\n"])
async def test_token_file(tmp_path: Path, octets: bytes | None) -> None:
    """A file without a token keeps the notice, and says so without its path."""
    secret = tmp_path / "token"
    if octets is not None:
        secret.write_bytes(octets)
    ending = await carried(FakePoster(), str(secret))
    assert ending.state is S.DEFERRED
    assert "token_file" in ending.reason
    assert str(tmp_path) not in ending.reason
