"""sc.attached.exchange, .child: what goes through the pipes."""

import io
import json

import pytest

from sc.attached.child import look
from sc.attached.exchange import (
    MAX_URL,
    MAX_URLS,
    NO_ANSWER,
    answer,
    question,
    read_answer,
    read_question,
)
from sc.attached.kinds import Attachment, Kind
from sc.model.evidence import Attached, Role
from tests.fakes import attachments as fakes

ONE = Attachment(Kind.HTML, "a.html", b'<a href="http://a.example/">')
TWO = Attachment(Kind.PDF, "b.pdf", b"\n\n{}")
LINK = ("http://a.example/", Role.NAVIGATES)


def test_question() -> None:
    """Kind and octets arrive, whatever they are; a name is not the child's business."""
    heard = tuple(read_question(io.BytesIO(question([ONE, TWO]))))
    assert [(x.kind, x.payload) for x in heard] == [
        (Kind.HTML, ONE.payload),
        (Kind.PDF, TWO.payload),
    ]


def test_answer() -> None:
    """In the order of the question."""
    said = answer([LINK], "") + answer([], "it is damaged (X)")
    assert read_answer([ONE, TWO], said, "") == (
        Attached("a.html", (LINK,)),
        Attached("b.pdf", problem="it is damaged (X)"),
    )


def test_the_child_ends_early() -> None:
    """What it said counts; a cut line is none; the rest says why."""
    said = answer([LINK], "") + answer([LINK], "")[:-3]
    assert read_answer([ONE, TWO], said, "")[1] == Attached("b.pdf", problem=NO_ANSWER)
    assert read_answer([ONE, TWO], b"", "late")[0] == Attached("a.html", problem="late")


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"[]",
        b'{"urls": [["http://a.example/", "nothing"]], "problem": ""}',
        b'{"urls": [1], "problem": ""}',
        b'{"urls": []}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_the_child_was_taken_over(line: bytes) -> None:
    """Its answer is a stranger's."""
    (read,) = read_answer([ONE], line + b"\n", "")
    assert read == Attached("a.html", problem=NO_ANSWER)


def test_bounds() -> None:
    """At most so many URLs, none of them longer than a browser would take."""
    many = [(f"http://a.example/{n}", Role.NAVIGATES) for n in range(MAX_URLS + 5)]
    (read,) = read_answer(
        [ONE], answer([("x" * (MAX_URL + 1), LINK[1]), *many], ""), ""
    )
    assert len(read.urls) == MAX_URLS - 1


def test_look() -> None:
    """One line; what was found before the file broke is kept."""
    assert json.loads(look(ONE))["urls"] == [["http://a.example/", "navigates"]]
    told = json.loads(look(TWO))
    assert told == {"urls": [], "problem": "it is damaged (PdfStreamError)"}


def test_look_without_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is told apart from a broken file."""

    def hungry(_: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr("sc.attached.page.read", hungry)
    assert json.loads(look(ONE))["problem"] == "it needs too much memory"
    assert fakes.PAGE
