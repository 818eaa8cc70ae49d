"""Attached files may be anything: reading them ends, within bounds, and never fails."""

from hypothesis import given
from hypothesis import strategies as st

from sc.content.attachments import ArchiveLimits, find_risks
from sc.content.file_names import doubled, extension, printable, runs, turned
from sc.content.mime import Part
from tests.fakes.archives import locked_zip, rar4, rar5, seven_zip, zipped

FILES = (
    zipped({"a.txt": b"hello" * 20, "b.zip": zipped({"c.exe": b"MZ\0"})}),
    locked_zip({"a.txt": b"hello"}),
    rar4(b"a.txt", b"b.exe", locked=True),
    rar5(b"a.txt", b"b.exe", locked=True),
    seven_zip(b"\x17\x06\x06\xf1\x07\x01"),
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\xfd7zXZ\0",
    b"a" + bytes(256) + b"ustar" + bytes(250),
)
LIMITS = ArchiveLimits(members=50, octets=100_000, depth=3)


@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8))),
    st.text(max_size=20),
)
def test_files(octets: bytes, changes: list[tuple[int, bytes]], name: str) -> None:
    """Good files with some octets changed, and rubbish behind."""
    spoiled = bytearray(octets)
    for at, new in changes:
        spoiled[at : at + len(new)] = new
    part = Part("application/x", filename=name, payload=bytes(spoiled))
    for found in find_risks([part], LIMITS).values():
        assert found.isprintable()


@given(st.text())
def test_names(name: str) -> None:
    """A name may be any text."""
    assert not doubled(name) or runs(name)
    assert extension(name) == extension(name).lower()
    assert printable(name).isprintable()
    turned(name)
