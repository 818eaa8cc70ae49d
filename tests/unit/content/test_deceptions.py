"""sc.content.deceptions: links that hide where they lead."""

import pytest

from sc.content import mime
from sc.content.deceptions import Deception, find_deceptions

HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n"


def deceptions(body: str, head: bytes = b"\r\n") -> dict[Deception, str]:
    return find_deceptions(mime.read(head + body.encode()))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://www.example.org/", {}),
        ("http://8.8.8.8/x", {Deception.ADDRESS_HOST: "8.8.8.8"}),
        ("http://134744072/x", {Deception.ADDRESS_HOST: "8.8.8.8"}),
        ("http://[2606:4700::1]/", {Deception.ADDRESS_HOST: "2606:4700::1"}),
        ("http://10.0.0.1/", {}),
        ("https://bit.ly/abc", {Deception.SHORTENER: "bit.ly"}),
        ("https://bit.ly/", {}),
        ("http://bank.example@evil.example/", {Deception.USERINFO: "evil.example"}),
        ("http://evil.example/@x", {}),
        ("https://p\u0430ypal.com/", {Deception.MIXED_SCRIPT: "xn--pypal-4ve.com"}),
        ("https://\u0430\u0440\u0440\u04cf\u0435.com/",
         {Deception.LOOKALIKE: "xn--80ak6aa92e.com"}),
        ("https://\u0440\u0430\u0443.\u0440\u0444/", {}),
        ("https://b\u00fccher.example/", {}),
        ("https://xn--99999999.example/", {}),
    ],
)  # fmt: skip
def test_links(url: str, expected: dict[Deception, str]) -> None:
    """Each deception is known, and named with its host."""
    assert deceptions(f"see {url} now\r\n") == expected


@pytest.mark.parametrize(
    ("href", "text", "expected"),
    [
        ("http://evil.example/", "http://bank.example/", "evil.example"),
        ("http://click.bank.example/", "www.bank.example", ""),
        ("http://evil.example/", "click here", ""),
        (
            "https://www.google.com/url?q=https://bank.example/",
            "https://bank.example/",
            "",
        ),
    ],
)
def test_text(href: str, text: str, expected: str) -> None:
    """A text that names another domain deceives; one of the same domain does not."""
    found = deceptions(f'<a href="{href}">{text}</a>', HTML)
    assert found.get(Deception.OTHER_HOST, "") == expected


def test_first_host_in_a_fixed_order() -> None:
    """The same message says the same, however many links it has."""
    body = "http://b:c@9.9.9.9/ http://8.8.8.8/\r\n"
    assert list(deceptions(body).items()) == [
        (Deception.ADDRESS_HOST, "9.9.9.9"),
        (Deception.USERINFO, "9.9.9.9"),
    ]


def test_images_are_not_opened() -> None:
    """What a page only loads is no link that deceives a reader."""
    assert deceptions('<img src="http://8.8.8.8/x.gif">', HTML) == {}
