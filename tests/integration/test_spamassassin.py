"""Real spamd without network rules, by TCP and by UNIX socket."""

from collections.abc import Iterator

import pytest

from tests.contract.spamassassin import SpamAssassinContract
from tests.integration import engines


@pytest.fixture(scope="module")
def spamd() -> Iterator[engines.Engine]:
    with engines.spamd() as engine:
        yield engine


@pytest.mark.peer
class TestSpamd(SpamAssassinContract):
    @pytest.fixture(params=["tcp", "unix"])
    def address(self, spamd: engines.Engine, request: pytest.FixtureRequest) -> str:
        return str(getattr(spamd, request.param))
