"""sc.scanners.rspamd: what rspamd says, as symbols."""

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.scanners.interface import MessageRefusedError, NotScannedError, ScannerError
from sc.scanners.rspamd import RspamdSettings, build
from tests.fakes.faults import serving
from tests.fakes.ground import ground
from tests.fakes.rspamd import FakeRspamd, gtube, reply, result


async def scan(answer: bytes, content: bytes = b"x\r\n") -> Findings:
    async with serving(lambda: FakeRspamd(reply=answer)) as (address, _):
        scanner = build(RspamdSettings(servers=(address,)), ground(clock=reactor))
        return await scanner.scan(Message("m", Envelope(), content), {})


async def test_symbols() -> None:
    """The score counts once, in rspamd's own scale; its parts are told beside it."""
    findings = await scan(result(score=5.25, action="add header"))
    assert [(s.name, s.score, s.required, s.options) for s in findings.symbols] == [
        ("RSPAMD", 5.25, None, ("5.25/15.00",)),
        ("RSPAMD_ACTION_ADD_HEADER", 0.0, None, ()),
        ("RSPAMD_MIME_GOOD", 0.0, None, ("text/plain",)),
    ]
    part = findings.symbols[2]
    assert part.description == "-0.10 of rspamd's score: Known content-type"
    assert (findings.flagged, findings.passed) == (("5.25",), ())


async def test_no_description() -> None:
    """A symbol that a site made itself has its score alone."""
    findings = await scan(gtube())
    assert findings.symbols[2].description == "15.00 of rspamd's score"


async def test_no_threshold() -> None:
    """Without a threshold the score stands alone."""
    findings = await scan(result(required_score=None))
    assert findings.symbols[0].options == ("-0.10",)


async def test_spared() -> None:
    """What rspamd's settings spare is skipped, not clean."""
    with pytest.raises(NotScannedError, match="skipped by rspamd") as raised:
        await scan(result(is_skipped=True, score=0, symbols={}))
    assert raised.value.symbol is not None
    assert raised.value.symbol.name == "RSPAMD_SKIPPED"


async def test_empty() -> None:
    """rspamd would call an empty message clean: it never gets one."""
    with pytest.raises(NotScannedError, match="empty"):
        await scan(result(), b"")


async def test_refused() -> None:
    """rspamd's own error concerns one message, and is never ham."""
    error = reply(b'{"error": "Invalid length"}', b"503 Invalid length")
    with pytest.raises(MessageRefusedError, match=r"it: Invalid length$"):
        await scan(error)


@pytest.mark.parametrize("wrong", [reply(b"{}"), reply(b"", b"502 Bad Gateway")])
async def test_no_result(wrong: bytes) -> None:
    """A reply without an action is an error."""
    with pytest.raises(ScannerError):
        await scan(wrong)
