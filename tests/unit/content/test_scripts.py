"""sc.content.scripts: letters that look alike."""

import pytest

from sc.content.scripts import looks_latin, mixed


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("paypal", False),
        ("p\u0430ypal", True),
        ("g\u03bfogle", True),
        ("жизнь", False),
        ("жизнь2", False),
        ("jörg", False),
        ("日本abc", False),
        ("", False),
    ],
)
def test_mixed(word: str, expected: object) -> None:
    """A word of two alphabets is a deception; Latin beside Chinese is none."""
    assert mixed(word) is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("\u0440\u0430\u0443\u0440\u0430", True),
        ("\u0430\u0440\u0440\u04cf\u0435", True),
        ("жизнь", False),
        ("apple", False),
        ("\u0430", False),
        ("12", False),
    ],
)
def test_looks_latin(word: str, expected: object) -> None:
    """A word wholly of another alphabet that is read as a Latin one."""
    assert looks_latin(word) is expected
