"""Real Mail::DMARC, which asks a DNS server of ours."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted

from tests.contract.maildmarc import ZONE, MailDMARCContract
from tests.fakes.dns import serving_dns
from tests.integration import engines


@pytest.mark.peer
class TestMailDMARC(MailDMARCContract):
    @pytest_twisted.async_yield_fixture
    async def address(self) -> AsyncIterator[str]:
        async with serving_dns(ZONE) as dns:
            with engines.maildmarc(dns.address) as engine:
                yield engine.tcp
