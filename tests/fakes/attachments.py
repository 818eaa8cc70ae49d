"""Files that hide links, and files that attack whoever opens them."""

import base64
import io
import struct
import zlib

import zxingcpp
from PIL import Image
from pypdf import PdfWriter
from pypdf.annotations import Link
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
)

CALENDAR = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Pay\\, now\r\n"
    b"ORGANIZER:MAILTO:boss@organiser.example\r\n"
    b"DESCRIPTION:see\\nhttps://folded.example/a-long-pa\r\n th?x=1\\, at once\r\n"
    b'X-ALT-DESC;FMTTYPE=text/html:<a href="https://html.example/">x</a>\r\n'
    b"URL:https://url.example/\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
PAGE = (
    b'<link rel="stylesheet" href="https://style.example/x.css">'
    b"<style>p { background: url('https://background.example/x.png') }</style>"
    b'<p>see <a href="https://href.example/">x</a>, www.text.example/</p>'
    b'<img src="https://image.example/x.png">'
    b"<script>var lib = 'https://library.example/jquery.js';\n"
    b"window.location.href = \"https://location.example/\"; fetch('//fetch.example/p');"
    b" x.open('POST', 'https://post.example/'); $.ajax({url: '//ajax.example/'});"
    b" y = t.replace('https://replaced.example/', ''); "
    b" eval(atob('aHR0cHM6Ly9lbmNvZGVkLmV4YW1wbGUv')); atob('=====AAAA')</script>"
)
"""The last is base64 of https://encoded.example/."""


def pdf(*, clicked: str = "", written: str = "", password: str | None = None) -> bytes:
    """One page."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    if clicked:
        writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url=clicked))
    if written:
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 10 10 Td ({written}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password is not None:
        writer.encrypt(password, "owner")
    return _written(writer)


def pdf_of_odd_annotations() -> bytes:
    """Annotations that are no dictionaries, and one whose URI is no text."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    action = DictionaryObject({NameObject("/URI"): FloatObject(1.5)})
    page[NameObject("/Annots")] = ArrayObject(
        [FloatObject(1.0), DictionaryObject({NameObject("/A"): action})]
    )
    writer.add_blank_page(9, 9)[NameObject("/Annots")] = FloatObject(1.0)
    return _written(writer)


def pdf_bomb(octets: int) -> bytes:
    """A page whose content is small and becomes large."""
    press = zlib.compressobj(1)
    packed = b"".join(press.compress(bytes(1 << 20)) for _ in range(octets >> 20))
    packed += press.flush()
    stream = b"<</Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<<>>>>",
        stream + packed + b"\nendstream",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def qr(text: str, image_format: str = "PNG") -> bytes:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    image = Image.fromarray(code.to_image(scale=4))
    out = io.BytesIO()
    image.save(out, image_format)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """The head of an image that says how large it is."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", head),
            (b"IDAT", zlib.compress(b"\0")),
            (b"IEND", b""),
        )
    )


def message(*files: tuple[str, str, bytes], text: str = "see attached") -> bytes:
    """A mail with these attachments: type, name, octets."""
    parts = [f"Content-Type: text/plain\r\n\r\n{text}\r\n".encode()]
    for kind, name, payload in files:
        head = (
            f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
            f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
        )
        parts.append(head.encode() + base64.encodebytes(payload))
    return (
        b"From: a@sender.example\r\nTo: b@home.example\r\nSubject: x\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
        + b"--b--\r\n"
    )


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
