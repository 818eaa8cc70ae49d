"""Links in attachments, from the whole daemon: found, told, and written about."""

from pathlib import Path

from tests.fakes.attachments import message, pdf, qr
from tests.fakes.smtp_relay import Script
from tests.integration.reports import SEND, reporting

LANDING = "http://spamvertised.example/pay"
"""A host that the tests' internet knows."""

MAIL = message(
    ("application/pdf", "invoice.pdf", pdf(clicked=LANDING)),
    ("image/png", "pay.png", qr("HTTP://SPAMVERTISED.EXAMPLE/QR")),
    ("application/pdf", "broken.pdf", b"%PDF-1.4 nothing"),
)


def enabled(config: str) -> str:
    return config + "attached_links: {html: true, ics: true, pdf: true, qr: true}\n"


async def test_reported(tmp_path: Path) -> None:
    """The desk reads where the link stood; a broken file is a warning."""
    async with reporting(tmp_path, Script(), enabled) as world:
        found = await world.post(MAIL, SEND)
        ((item,),) = found["complaints"].values()
        assert [(link["url"], link["part"]) for link in item["links"]] == [
            (LANDING, "invoice.pdf"),
            ("http://spamvertised.example/QR", "pay.png"),
        ]
        assert any(x.startswith("attachment broken.pdf: ") for x in found["warnings"])
        await world.settles("sent")
        (mail,) = world.mails
        assert b"\r\n    in the attachment invoice.pdf\r\n" in mail.wire


async def test_off(tmp_path: Path) -> None:
    """Nobody looks into attachments unless the operator says so."""
    async with reporting(tmp_path, Script()) as world:
        assert (await world.post(MAIL))["complaints"] == {}
