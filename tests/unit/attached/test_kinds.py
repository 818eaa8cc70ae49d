"""sc.attached.kinds: which attachments are read."""

import pytest

from sc.attached.kinds import Kind, choose
from tests.fakes.attachments import message

ALL = frozenset(Kind)


@pytest.mark.parametrize(
    ("content_type", "name", "kind"),
    [
        ("text/html", "x", Kind.HTML),
        ("application/octet-stream", "Invoice.HTM", Kind.HTML),
        ("image/svg+xml", "x", Kind.HTML),
        ("text/calendar", "x", Kind.ICS),
        ("application/octet-stream", "invite.ics", Kind.ICS),
        ("application/pdf", "x", Kind.PDF),
        ("application/octet-stream", "a.b.pdf", Kind.PDF),
        ("image/png", "x", Kind.QR),
        ("application/octet-stream", "x.jpeg", Kind.QR),
        ("application/octet-stream", "x.exe", None),
        ("application/zip", "pdf", None),
    ],
)
def test_kind(content_type: str, name: str, kind: Kind | None) -> None:
    """By type, or by what the reader's system goes by: the name."""
    (found, warnings) = choose(message((content_type, name, b"123")), ALL, 9)
    assert [one.kind for one in found] == ([kind] if kind else [])
    assert [one.payload for one in found] == ([b"123"] if kind else [])
    assert warnings == ()


def test_only_what_was_asked_for() -> None:
    """What is switched off is not even decoded."""
    mail = message(("application/pdf", "a.pdf", b"x"), ("text/html", "b.html", b"y"))
    (found, _) = choose(mail, {Kind.HTML}, 9)
    assert [(one.kind, one.name) for one in found] == [(Kind.HTML, "b.html")]


def test_shown_text_is_not_an_attachment() -> None:
    """The page that a reader shows is read without us."""
    mail = b"Content-Type: text/html\r\n\r\n<a href='https://a.example/'>x</a>\r\n"
    assert choose(mail, ALL, 9) == ((), ())


def test_in_an_attached_message() -> None:
    """What is forwarded whole is read whole."""
    inner = message(("application/pdf", "a.pdf", b"x"))
    mail = b"Content-Type: message/rfc822\r\n\r\n" + inner
    (found, _) = choose(mail, ALL, 9)
    assert [one.name for one in found] == ["a.pdf"]


def test_too_many() -> None:
    """A thousand attachments are no reason to read them all."""
    mail = message(*[("application/pdf", f"{n}.pdf", b"x") for n in range(5)])
    (found, warnings) = choose(mail, ALL, 3)
    assert [one.name for one in found] == ["0.pdf", "1.pdf", "2.pdf"]
    assert warnings == ("more than 3 attachments: the rest was not read",)


def test_name() -> None:
    """A name is a stranger's: short, and without control characters."""
    (found, _) = choose(
        message(("application/pdf", "a\x1b[2J" + "b" * 200, b"x")), ALL, 9
    )
    assert found[0].name == "a?[2J" + "b" * 95
    (found, _) = choose(message(("application/pdf", "", b"x")), ALL, 9)
    assert found[0].name == "pdf"
