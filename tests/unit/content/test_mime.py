"""sc.content.mime: the leaves of a message, decoded and bounded."""

import mmap
import tempfile
from base64 import b64encode, encodebytes

import pytest

from sc.content.media import Media
from sc.content.mime import SMALL, Limits, Part, read, read_shared, text_parts

MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def _leaves(content: bytes) -> list[tuple[str, bytes]]:
    return [(p.content_type, p.payload) for p in read(content).parts]


def test_plain_message() -> None:
    """A message without MIME is one text."""
    document = read(b"Subject: x\r\n\r\nhello\r\n")
    assert [f.name for f in document.fields] == ["Subject"]
    assert document.parts == (Part("text/plain", payload=b"hello\r\n"),)
    assert document.warnings == ()


def test_nested_multiparts() -> None:
    """Inner and outer parts come in order, decoded; preamble and epilogue do not."""
    content = (
        MIXED + b"preamble\r\n--b\r\n"
        b'Content-Type: multipart/alternative; boundary="b 2"\r\n\r\n'
        b"--b 2\r\n\r\nplain\r\n--b 2 \r\n"
        b"Content-Type: TEXT/HTML; charset=koi8-r\r\n"
        b"Content-Transfer-Encoding: Quoted-Printable\r\n\r\n=41=\r\nB\r\n"
        b"--b 2--\r\nepilogue\r\n--b\r\n"
        b'Content-Type: application/pdf; name="a.pdf"\r\n'
        b"Content-Disposition: attachment\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBE\r\n--b--\r\nepilogue\r\n"
    )
    assert read(content).parts == (
        Part("text/plain", payload=b"plain"),
        Part("text/html", "koi8-r", payload=b"AB"),
        Part("application/pdf", None, "a.pdf", b"%PD", attachment=True),
    )
    assert [p.content_type for p in text_parts(read(content))] == [
        "text/plain",
        "text/html",
    ]


def test_outer_boundary_ends_unclosed_inner() -> None:
    """A multipart that is never closed ends where its parent goes on."""
    content = (
        MIXED + b"--b\nContent-Type: multipart/mixed; boundary=bb\n\n"
        b"--bb\n\ninner\n--b\n\nouter\n--b--\n"
    )
    assert _leaves(content) == [("text/plain", b"inner"), ("text/plain", b"outer")]


def test_boundary_with_junk_behind() -> None:
    """RFC 2046 5.1: a line need only begin with the boundary."""
    content = MIXED + b"--bjunk\n\none\n--b--junk\nepilogue"
    assert _leaves(content) == [("text/plain", b"one")]


def test_boundary_that_never_comes() -> None:
    """If the declared boundary does not occur, the whole body is a text."""
    assert _leaves(MIXED + b"http://a.example/") == [
        ("text/plain", b"http://a.example/")
    ]


@pytest.mark.parametrize("body", [b"--x\n\none\n--x--\n", b"pre\n--x\n\none\n--x--"])
def test_missing_boundary_is_guessed(body: bytes) -> None:
    """Readers that guess the boundary show the part; so do we."""
    assert _leaves(b"Content-Type: multipart/mixed\n\n" + body)[-1] == (
        "text/plain",
        b"one",
    )


def test_missing_boundary_and_no_dashes() -> None:
    """Without any boundary the body is a text."""
    assert _leaves(b"Content-Type: multipart/mixed\n\nhi") == [("text/plain", b"hi")]


def test_attached_messages() -> None:
    """An attached message is read on, encoded or not, also in a digest."""
    inner = b"Subject: y\nContent-Type: text/html\n\n<a>"
    digest = MIXED.replace(b"mixed", b"digest") + b"--b\n\n" + inner + b"\n--b--"
    plain = b"Content-Type: message/rfc822\n\n" + inner
    encoded = (
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + encodebytes(inner)
    )
    for content in (digest, plain, encoded):
        assert _leaves(content) == [("text/html", b"<a>")]


def test_part_without_header_or_empty_line() -> None:
    """A part that begins with its text is that text."""
    assert _leaves(MIXED + b"--b\nno field here\nmore\n--b--") == [
        ("text/plain", b"no field here\nmore")
    ]


def test_uuencoded_file_in_a_text() -> None:
    """A uuencoded file is a part of its own."""
    content = b"\nsee\nbegin 644 a.exe\n#0V%T\n`\nend\n"
    assert read(content).parts[1:] == (
        Part("application/octet-stream", None, "a.exe", b"Cat", attachment=True),
    )


def test_unwanted_leaves_are_not_decoded() -> None:
    """Whoever reads only text does not pay for images."""

    def text(media: Media) -> bool:
        return media.type.startswith("text/")

    content = MIXED + b"--b\nContent-Type: image/png\n\nxx\n--b\n\ntext\n--b--"
    assert [p.payload for p in read(content, wanted=text).parts] == [b"", b"text"]


def test_mapped_file() -> None:
    """A message in a file is read like one in memory."""
    with tempfile.TemporaryFile() as file:
        file.write(MIXED + b"--b\r\n\r\none\r\n--b--\r\n")
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert read(mapped).parts == (Part("text/plain", payload=b"one"),)


def _nested(levels: int) -> bytes:
    head = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"".join(head % (i, i) for i in range(levels)) + b"\r\nhi"


def test_depth_limit() -> None:
    """Twenty levels are read; two thousand are told, and do not recurse."""
    assert read(_nested(20)).warnings == ()
    assert read(_nested(20)).parts[-1].payload == b"hi"
    assert "nested deeper than 20 levels" in read(_nested(21)).warnings[0]
    assert len(read(_nested(2000)).parts) <= Limits().parts
    messages = b"Content-Type: message/rfc822\r\n\r\n" * 5000
    assert "nested deeper" in read(messages).warnings[0]


def test_depth_limit_of_encoded_messages() -> None:
    """Messages encoded in messages count as levels."""
    content = b"Subject: x\n\nhello"
    for _ in range(22):
        content = (
            b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
            + encodebytes(content)
        )
    assert "nested deeper" in read(content).warnings[0]


def test_part_limit() -> None:
    """A hundred thousand parts end at the limit, with a warning."""
    document = read(MIXED + b"--b\nno:\n" * 100_000)
    assert len(document.parts) == Limits().parts
    assert "more than 1000 parts" in document.warnings[0]


def test_part_limit_of_uuencoded_files() -> None:
    """Uuencoded files count as parts."""
    files = b"begin 644 a\n#0V%T\nend\n" * 9
    assert len(read(b"\n" + files, Limits(parts=3)).parts) == 3


def test_octet_limits() -> None:
    """Larger messages and parts are cut, with a warning each."""
    limits = Limits(octets=len(MIXED) + 17, part=4, decoded=6, fields=2)
    two = MIXED + b"--b\n\n12345\n--b\n\n12345"
    assert [p.payload for p in read(two, limits).parts] == [b"1234", b"1"]
    warnings = " ".join(read(b"A: 1\n" * 5 + two, limits).warnings)
    assert f"larger than {limits.octets} octets" in warnings
    assert "more than 2 header fields" in warnings


def test_decoded_limit_is_shared() -> None:
    """All parts together decode to no more than the limit."""
    body = b64encode(b"x" * 40)
    part = b"--b\nContent-Transfer-Encoding: base64\n\n" + body + b"\n"
    document = read(MIXED + part * 3, Limits(decoded=50))
    assert [len(p.payload) for p in document.parts] == [40, 10, 0]
    assert document.warnings


def test_dashes_limit() -> None:
    """A flood of lines of dashes ends, and what was read so far counts."""
    document = read(MIXED + b"--b\n\none" + b"\n--" * 50, Limits(dashes=10))
    assert "too many lines of dashes" in document.warnings[0]
    assert document.parts[0].payload.startswith(b"one")


def test_header_flood() -> None:
    """Ten thousand fields and a Subject of a megabyte cost a warning and no more."""
    assert read(b"A: 1\n" * 10_000).warnings
    assert read(b"Subject: " + b"=?x?q?y?= " * 100_000 + b"\n\nhi").parts[0].payload


def test_shared() -> None:
    """A small message is read once for all, of a large one only what is wanted."""
    small = b"Subject: x\r\n\r\nhello\r\n"
    document = read_shared(small, lambda _media: False)
    assert document == read(small)
    assert read_shared(small, lambda _media: True) is document
    large = small + bytes(SMALL)
    assert read_shared(large, lambda _media: False).parts[0].payload == b""
    with tempfile.TemporaryFile() as file:
        file.write(small)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert read_shared(mapped, lambda _media: True) == document
