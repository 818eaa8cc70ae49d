"""sc.attached.page, .ics, .pdf, .qr: the links of one file."""

import pytest

from sc.attached import ics, page, pdf, qr
from sc.attached.qr import TooManyPixelsError
from sc.model.evidence import Role
from tests.fakes import attachments as fakes

NAVIGATES, RESOURCE = Role.NAVIGATES, Role.RESOURCE


def test_page() -> None:
    """What is clicked, loaded and opened by a script; a library is loaded."""
    found = dict(sorted(page.read(fakes.PAGE), key=lambda one: one[1] is NAVIGATES))
    assert found == {
        "https://style.example/x.css": RESOURCE,
        "https://background.example/x.png": RESOURCE,
        "https://replaced.example/": RESOURCE,
        "https://post.example/": NAVIGATES,
        "https://ajax.example/": NAVIGATES,
        "https://href.example/": NAVIGATES,
        "https://image.example/x.png": RESOURCE,
        "https://library.example/jquery.js": RESOURCE,
        "http://www.text.example/": NAVIGATES,
        "https://location.example/": NAVIGATES,
        "https://fetch.example/p": NAVIGATES,
        "https://encoded.example/": NAVIGATES,
    }


def test_invitation() -> None:
    """Unfolded and unescaped; an organiser's address is no link."""
    assert list(ics.read(fakes.CALENDAR)) == [
        ("https://folded.example/a-long-path?x=1", NAVIGATES),
        ("https://html.example/", NAVIGATES),
        ("https://url.example/", NAVIGATES),
    ]


def test_invitation_of_one_line() -> None:
    """Ten megabytes without a line end: one pass."""
    assert list(ics.read(b"DESCRIPTION:" + b"x " * 5_000_000)) == []
    assert list(ics.read(b"URL" + b";x=" * 3_000_000 + b":http://a.example/")) == []


def test_pdf() -> None:
    """What can be clicked, and what is written."""
    file = fakes.pdf(clicked="https://click.example/a", written="www.written.example")
    assert list(pdf.read(file)) == [
        ("https://click.example/a", NAVIGATES),
        ("http://www.written.example", NAVIGATES),
    ]


def test_pdf_that_everyone_can_open() -> None:
    """Encrypted with an empty password, as against copying."""
    file = fakes.pdf(clicked="https://click.example/a", password="")
    assert list(pdf.read(file)) == [("https://click.example/a", NAVIGATES)]


def test_pdf_with_a_password() -> None:
    """We do not guess; the failure is told."""
    with pytest.raises(Exception, match="decrypted"):
        list(pdf.read(fakes.pdf(clicked="https://click.example/a", password="secret")))


def test_pdf_of_odd_annotations() -> None:
    """What is no annotation is passed over."""
    assert list(pdf.read(fakes.pdf_of_odd_annotations())) == []


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "GIF", "BMP"])
def test_qr(image_format: str) -> None:
    """A code in each format of mail; codes for machines are in upper case."""
    image = fakes.qr("HTTPS://QR.EXAMPLE/PAY?X=1", image_format)
    assert list(qr.read(image)) == [("HTTPS://QR.EXAMPLE/PAY?X=1", NAVIGATES)]


def test_qr_without_link() -> None:
    """A visiting card is none."""
    assert list(qr.read(fakes.qr("MECARD:N:Doe,John;;"))) == []


def test_qr_too_large() -> None:
    """64 million pixels in 60 octets are refused by their head."""
    with pytest.raises(TooManyPixelsError):
        list(qr.read(fakes.png_of(8_000, 8_000)))
