"""Real clamd with a database of EICAR and a marker, by TCP and by UNIX socket."""

from collections.abc import Iterator

import pytest

from tests.contract.clamav import LIMIT, ClamAVContract, scan
from tests.integration import engines


@pytest.fixture(scope="module")
def clamd() -> Iterator[engines.Engine]:
    with engines.clamd(stream_max=str(LIMIT)) as engine:
        yield engine


@pytest.mark.peer
class TestClamd(ClamAVContract):
    @pytest.fixture(params=["tcp", "unix"])
    def address(self, clamd: engines.Engine, request: pytest.FixtureRequest) -> str:
        return str(getattr(clamd, request.param))

    async def test_marker(self, address: str) -> None:
        """The marker that other tests send is found, too."""
        findings = await scan(address, b"\r\n" + engines.MARKER)
        assert findings.flagged == ("SC-Test-Marker.UNOFFICIAL",)
