"""QR codes in an image: a link that no text scanner sees."""

import io
from collections.abc import Iterator

import zxingcpp
from PIL import Image

from sc.content import plain_links
from sc.model.evidence import Role

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])

MAX_PIXELS = 25_000_000
"""A photograph has twelve million. Looked at before anything is decoded."""

FORMATS = ("PNG", "JPEG", "GIF", "BMP")
"""Of Pillow's many readers, those that mail uses: fewer for a stranger to choose."""


class TooManyPixelsError(Exception):
    """The image would take more memory than it is worth."""


def read(payload: bytes) -> Iterator[tuple[str, Role]]:
    """
    URLs as they stand in the codes.

    @raise Exception: whatever Pillow makes of a broken file.
    """
    with Image.open(io.BytesIO(payload), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise TooManyPixelsError
        grey = image.convert("L")
    for code in zxingcpp.read_barcodes(grey, formats=_QR):
        for url in plain_links.find_urls(code.text):
            yield url, Role.NAVIGATES
