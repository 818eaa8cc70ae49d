"""Real rspamd without network rules."""

from collections.abc import Iterator

import pytest

from tests.contract.rspamd import RspamdContract
from tests.integration import engines


@pytest.fixture(scope="module")
def rspamd() -> Iterator[engines.Engine]:
    with engines.rspamd() as engine:
        yield engine


@pytest.mark.peer
class TestRspamd(RspamdContract):
    @pytest.fixture
    def address(self, rspamd: engines.Engine) -> str:
        return rspamd.tcp
