"""sc.content.file_names: what names do and hide."""

import pytest

from sc.content import file_names


@pytest.mark.parametrize(
    "name",
    [
        "setup.exe",
        "SETUP.EXE",
        "a.b.scr",
        "x.lnk ",
        "x.exe. .",
        "folder/x.js",
        "folder\\x.vbs",
        "x.pdf                    .exe",
        "x. exe",
    ],
)
def test_runs(name: str) -> None:
    """Case, folders, blanks and final dots change nothing for Windows."""
    assert file_names.runs(name)


@pytest.mark.parametrize(
    "name", ["", "exe", "readme", "x.pdf", "x.exe.txt", "a.exe/readme", "x.exe~"]
)
def test_runs_not(name: str) -> None:
    """Only what is last tells."""
    assert not file_names.runs(name)


def test_doubled() -> None:
    """A harmless extension before one that runs."""
    assert file_names.doubled("invoice.pdf.exe")
    assert file_names.doubled("invoice.PDF       .scr")
    assert not file_names.doubled("invoice.exe")
    assert not file_names.doubled("invoice.v2.exe")
    assert not file_names.doubled("invoice.pdf.zip")


def test_harmless() -> None:
    """What only shows something, by its name."""
    assert file_names.harmless("photo.JPG")
    assert not file_names.harmless("library.so")
    assert not file_names.harmless("photo")


def test_turned() -> None:
    """Every character that turns letters round."""
    assert file_names.turned("cod\u202efdp.exe")
    assert file_names.turned("cod\u2067fdp.exe")
    assert not file_names.turned("\u05e9\u05dc\u05d5\u05dd.pdf")


def test_printable() -> None:
    """A stranger's name, for people: short, and nothing that moves a cursor."""
    assert file_names.printable("a\x1b[2J\u202e\n") == "a?[2J??"
    assert len(file_names.printable("a" * 10_000)) == file_names.MAX_NAME
