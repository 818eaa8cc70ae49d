"""Real OpenDKIM and OpenDMARC, asked as a mail server asks them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sc.model.message import Message
from tests.contract.milter import STRANGER, MilterContract, scanner
from tests.fakes.signed_mail import record
from tests.integration import engines, milters

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def opendkim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Engine]:
    folder: Path = tmp_path_factory.mktemp("key")
    name = "s1._domainkey.sender.example"
    with milters.opendkim({name: record(folder).decode()}) as engine:
        yield engine


class TestOpenDKIM(MilterContract):
    @pytest.fixture
    def address(self, opendkim: engines.Engine) -> str:
        return opendkim.tcp


async def test_opendmarc() -> None:
    """What OpenDMARC would refuse is told, with a score."""
    with milters.opendmarc() as engine:
        asked = scanner(engine.tcp, name="opendmarc", method="dmarc")
        await asked.probe()
        message = Message("m1", STRANGER, b"Subject: nobody wrote it\r\n\r\nx\r\n")
        found = await asked.scan(message, {})
        assert found.flagged == ("reject",)
        [symbol] = found.symbols
        assert (symbol.name, symbol.score) == ("OPENDMARC_ACTION_REJECT", 4.0)
