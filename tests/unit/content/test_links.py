"""sc.content.links: every link of a message, once."""

import pytest

from sc.content.links import LinkLimits, find_links
from sc.content.mime import read
from sc.model.evidence import Attached, Link, Role

HTML = b"Content-Type: text/html\r\n\r\n"


def _links(content: bytes, *ignored: str) -> list[tuple[str, str]]:
    found = find_links(read(content), ignored)
    return [(link.url, link.role.value) for link in found.links]


def test_text_and_html() -> None:
    """Links of text and of HTML, in tags and between them, the clickable first."""
    content = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        b"--b\r\n\r\nhttp://a.example/\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n"
        b"<img src=http://b.example/x><a href=http://c.example/>http://d.example</a>\r\n"
        b"--b--\r\n"
    )
    assert _links(content) == [
        ("http://a.example/", "navigates"),
        ("http://c.example/", "navigates"),
        ("http://d.example/", "navigates"),
        ("http://b.example/x", "resource"),
    ]


def test_html_that_says_it_is_text() -> None:
    """HTML in a part that calls itself plain text is read as what it is."""
    assert _links(b"\r\n<html><a href=//a.example>") == [
        ("https://a.example/", "navigates")
    ]


def test_text_that_looks_like_html() -> None:
    """A log that quotes a tag hides no link; what its page loads is no click."""
    text = b"no <body> in http://a.example/\r\n<img src=http://b.example/?c=1&amp;d=2>"
    assert _links(b"\r\n" + text + b"no <FRAMESET in page http://c.example/") == [
        ("http://a.example/", "navigates"),
        ("http://c.example/", "navigates"),
        ("http://b.example/?c=1&d=2", "resource"),
    ]


def test_attachments_are_not_read() -> None:
    """An attached page is no part of what the reader sees."""
    content = HTML.replace(b"\r\n\r\n", b"\r\nContent-Disposition: attachment\r\n\r\n")
    assert _links(content + b"<a href=http://a.example/>") == []


def test_base() -> None:
    """Relative links count where the page has a base; without one they are none."""
    page = b"<a href=x><a href='?y'>"
    assert _links(HTML + page) == []
    assert _links(HTML + b"<base href=http://a.example/b/>" + page) == [
        ("http://a.example/b/x", "navigates"),
        ("http://a.example/b/?y", "navigates"),
    ]


def test_roles_in_styles_and_scripts() -> None:
    """What a page's style or script names is loaded at most, and nobody's click."""
    page = b"<style>p{background:url(http://a.example/)}</style>http://c.example/"
    page += b"<script>open('http://b.example/')</script>"
    assert _links(HTML + page) == [
        ("http://c.example/", "navigates"),
        ("http://b.example/", "resource"),
        ("http://a.example/", "resource"),
    ]


def test_list_unsubscribe() -> None:
    """List-Unsubscribe is a link of its own kind, unless the text has it, too."""
    field = b"List-Unsubscribe: <mailto:a@b.example>,\r\n <http://a.example/u>\r\n\r\n"
    assert _links(field) == [("http://a.example/u", "unsubscribe")]
    assert _links(field + b"http://a.example/u") == [
        ("http://a.example/u", "navigates")
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://www.w3.org/1999/xhtml",
        "http://schemas.microsoft.com/x",
        "https://schema.org/y",
        "http://schemas.openxmlformats.org/x",
        "http://ignored.example/",
        "http://below.ignored.example/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "cid:x@y",
    ],
)
def test_never(url: str) -> None:
    """Vocabularies, ignored hosts and private addresses are never links."""
    assert _links(HTML + b"<a href='%s'>" % url.encode(), "ignored.example") == []


def test_once_and_with_its_strongest_role() -> None:
    """Image, link and fragment of one URL are one link, which navigates."""
    page = b"<img src=http://a.example/#1><a href=http://a.example/><a href=http://a.example/#2>"
    assert _links(HTML + page) == [("http://a.example/", "navigates")]


def test_same_url_again_in_a_stronger_role() -> None:
    """The same text as an image in one part and as a link in the next navigates."""
    content = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n"
        b"<img src=http://a.example/>\n--b\n\nhttp://a.example/\n--b--"
    )
    assert _links(content) == [("http://a.example/", "navigates")]


def test_chain() -> None:
    """The protector stands in the chain only."""
    wrapper = "https://x.safelinks.protection.outlook.com/?url=http%3A%2F%2Fa.example"
    found = find_links(read(b"\n" + wrapper.encode()))
    assert found.links == (
        Link("http://a.example/", "a.example", Role.NAVIGATES, (wrapper,)),
    )
    assert find_links(read(b"\n" + wrapper[:42].encode())).links == ()


def test_attached() -> None:
    """What hides in an attachment says in which; what is shown counts as shown."""
    attached = (
        Attached(
            "a.pdf",
            (
                ("http://a.example/", Role.NAVIGATES),
                ("http://b.example/", Role.NAVIGATES),
                ("relative.html", Role.NAVIGATES),
            ),
            "it is damaged (X)",
        ),
        Attached("", problem="more than 3 attachments"),
    )
    found = find_links(read(b"\nhttp://a.example/"), attached=attached)
    assert found.links == (
        Link("http://a.example/", "a.example", Role.NAVIGATES),
        Link("http://b.example/", "b.example", Role.NAVIGATES, part="a.pdf"),
    )
    assert found.warnings == (
        "attachment a.pdf: it is damaged (X)",
        "attachment: more than 3 attachments",
    )


def test_folded_invitation() -> None:
    """RFC 5545 3.1: a line of a calendar goes on behind a blank."""
    head = b"Content-Type: text/calendar\r\n\r\n"
    assert _links(head + b"URL:http://a.exam\r\n ple/x") == [
        ("http://a.example/x", "navigates")
    ]


def test_delsp() -> None:
    """RFC 3676: a URL that was broken with DelSp=yes is whole again."""
    head = b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n"
    assert _links(head + b"http://a.exam \r\nple/x") == [
        ("http://a.example/x", "navigates")
    ]


def test_limits() -> None:
    """Five thousand links are cut, with a warning."""
    flood = b"\n" + b"".join(b"http://h%d.example\n" % i for i in range(50))
    kept = find_links(read(flood), limits=LinkLimits(links=10))
    assert (len(kept.links), len(kept.warnings)) == (10, 1)
    seen = find_links(read(flood), limits=LinkLimits(candidates=10))
    assert (len(seen.links), len(seen.warnings)) == (10, 1)


def test_page_too_long() -> None:
    """A page of megabytes is cut, with a warning."""
    found = find_links(read(HTML + b"<p>" + b"x " * (1 << 20)))
    assert "too long" in found.warnings[0]
    found = find_links(
        read(HTML + b"<p><a href=//a.example>"), limits=LinkLimits(html=9)
    )
    assert (found.links, len(found.warnings)) == ((), 1)
