"""sc.content.html: the URLs in a page, and what they do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content import attributes
from sc.content.html import (
    _BARE,
    _LAYOUT,
    _PLAIN,
    _TOKEN,
    MAX_REFERENCES,
    MAX_TEXT,
    read_html,
)
from sc.model.evidence import Role


def _urls(html: str, role: Role | None = None) -> list[str]:
    found = read_html(html).references
    return [url for url, its_role in found.items() if role in (None, its_role)]


NAVIGATES = [
    "<a href=U>",
    "<A\nHREF = 'U' >",
    '<a title=">" href="U">',
    "<a/href=U>",
    '<a x="<a"href="U">',
    "<area href=U>",
    "<form action=U>",
    "<button formaction=U>",
    "<a originalsrc=U>",
    "<a data-saferedirecturl=U>",
    "<v:roundrect href=U>",
    "<a xlink:href=U>",
    "<meta http-equiv=REFRESH content='0; url=U'>",
    "<!--[if mso]><a href=U><![endif]-->",
    "<p><![if !mso]><a href=U>",
    "<!-- > --><a href=U>",
    "<!--><a href=U>-->",
    "<!-- --!><a href=U>",
    "<a href=U",
    "<a href='data:text/html,<a href=U>'>",
    "<a href='data:text/html;base64,PGEgaHJlZj1odHRwOi8vYS5leGFtcGxlL3g+'>",
    "<a href=\"javascript:window.open('U')\">",
]
RESOURCES = [
    "<img src=U>",
    "<iframe src=U>",
    "<link href=U>",
    "<td background=U>",
    "<object data=U>",
    "<v:fill src=U>",
    "<meta property=og:image content=U>",
    "<img data-original-src=U>",
    "<p style='background: url(\"U\")'>",
    "<style>p { background: uRL( U ) }</style>",
    "<style><!-- @import 'U'; --></style>",
    "<p style='background:url(&quot;U&quot;)'>",
    "<STYLE type=text/css>p::after { content: 'U' }",
    "<script>if (a<b) open('U')</script>",
    '<script type=application/ld+json>{"url": "http:\\/\\/a.example/x"}</script >',
    "<v:fill o:href=U>",
    "<img poster=U lowsrc=U dynsrc=U longdesc=U cite=U ping=U usemap=U>",
    "<object codebase=U classid=U archive=U manifest=U profile=U>",
    "<img imagesrcset=U data-cke-saved-src=U blockedimagesrc=U>",
    "<link itemprop=url href=U>",
    "<img srcset='U 1x, U 2x'>",
]
URL = "http://a.example/x"


@pytest.mark.parametrize("html", NAVIGATES)
def test_navigates(html: str) -> None:
    """Whatever opens on a click is found."""
    assert URL in _urls(html.replace("U", URL), Role.NAVIGATES)


@pytest.mark.parametrize("html", RESOURCES)
def test_resource(html: str) -> None:
    """Whatever the page loads is found, and is no link to click."""
    assert _urls(html.replace("U", URL)) == [URL]
    assert _urls(html.replace("U", URL), Role.RESOURCE) == [URL]


@pytest.mark.parametrize(
    "html",
    [
        "<!-- <a href=U> -->",
        "<!-- <a href=U>",
        "<html xmlns=U>",
        "<!DOCTYPE html PUBLIC 'x' 'U'>",
        "<?xml:namespace ns='U' />",
        "</a href=U>",
        "< a href=U>",
        "<div itemtype=U>",
        "<a href>",
        "<a href=''>",
        "<meta http-equiv=refresh content=''>",
        "<meta http-equiv=refresh content=5>",
        "<meta name=description content='see U'>",
        "<a href='data:image/png,<a href=U>'>",
        "<a href='data:text/html,<p><a name=x>'>",
        "<a data-x='see U'>",
        "<styles title='U'>",
    ],
)
def test_nothing(html: str) -> None:
    """Comments, vocabularies and empty attributes are no links."""
    assert _urls(html.replace("U", URL)) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("&#104;ttp&colon;//x", "http://x"),
        ("&#x0000068;ttp", "http"),
        ("?a=1&amp;b=2", "?a=1&b=2"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("&nosuchthing;", "&nosuchthing;"),
        ("&#99999999999;", "&#99999999999;"),
    ],
)
def test_character_references(value: str, expected: str) -> None:
    """Resolved as browsers do in an attribute."""
    assert _urls(f"<a href='{value}'>") == [expected]


def test_first_attribute_and_strongest_role() -> None:
    """Of two attributes the first counts; of two roles the link to click."""
    html = "<img src=u><a href=u href=v>"
    assert read_html(html).references == {"u": Role.NAVIGATES}


def test_style_and_script_are_no_text() -> None:
    """What nobody reads is not taken for text; what stands behind it is read."""
    page = read_html(
        "<style>x</b>y</STYLE>a<script><a href=u></style></script>b<a href=v>"
    )
    assert page.text.split("\n") == ["a", "b"]
    assert page.references == {"v": Role.NAVIGATES}


def test_names() -> None:
    """A name of a megabyte is no attribute that opens anything."""
    assert _urls(f"<a data-{'x' * (1 << 19)}=http://a.example/ href=u>") == ["u"]


def test_background() -> None:
    """Layout may have one attribute that loads something."""
    page = (
        "<td style='background: red' width=1><td background = 'u'><b x=y><td class=z>"
    )
    assert _urls(page, Role.RESOURCE) == ["u"]


def test_base_and_text() -> None:
    """The first base counts; text keeps what is between the tags."""
    page = read_html("<base href=a><base href=b>x&nbsp;&lt;<td>y</td><!-- z -->")
    assert page.base == "a"
    assert page.text.split("\n") == ["x <", "y"]


def test_limits() -> None:
    """A page that is too long is cut, and so is a flood of links."""
    assert read_html("x" * (MAX_TEXT + 1)).cut
    flood = "".join(f"<a href={i}>" for i in range(MAX_REFERENCES + 9))
    assert len(read_html(flood).references) == MAX_REFERENCES


FLOODS = [
    "<div>",
    "<a ",
    "<!--",
    "<!--[if",
    "</a",
    "<a b='",
    "url(",
    "url('",
    "&#0",
    "<![CDATA[",
    "<a " + "b ",
    "@import ",
    "<p><font size=1>",
    "<style>",
    "<script>x</style>",
    "<style ",
    "<td ",
    "<td a=",
    "<td a='",
    '<td a="b',
    "<p a=b",
    "<td>\n",
    "</td> <",
    "<a href=http://a/ a",
]


@pytest.mark.parametrize("piece", FLOODS)
def test_floods(piece: str) -> None:
    """Pages that hang a tree builder are one pass: their whole length is read."""
    assert len(read_html(piece * 40_000).references) <= 1


PIECES = ["<", ">", "a", " ", "href", "=", '"', "'", "/", "!--", "--", "&#", "1", ";"]


@given(st.lists(st.sampled_from([*PIECES, "[if", "url(", ")", "meta"]), max_size=60))
def test_never_raises(pieces: list[str]) -> None:
    """Whatever the page, it is read."""
    assert read_html("<a href=" + "".join(pieces)) is not None


ATTRIBUTE_BY_ATTRIBUTE = re.compile(
    _TOKEN.pattern.replace(_BARE, "(?!)").replace(_PLAIN, "(?!)")
)
TAGS = ["<", ">", "a", "b", " ", "=", '"', "'", "/", "\n", "<a b=c", ' d="e"', "style"]
LAYOUT = ["</td>", "<td ", "<p\n", ' background="f"', " Background=g", " width=1", "!"]


@given(st.lists(st.sampled_from(TAGS + LAYOUT), max_size=30))
def test_plain_tags(pieces: list[str]) -> None:
    """What is read at once is what would be read attribute by attribute."""
    page = "<a b" + "".join(pieces)
    assert _tokens(_TOKEN, page) == _tokens(ATTRIBUTE_BY_ATTRIBUTE, page)


def _tokens(pattern: re.Pattern[str], page: str) -> list[object]:
    """Texts, what stands in scripts, and the tags whose attributes say something."""
    tokens = pattern.split(page)
    tags = [
        (name, text.rstrip(" \n/"))
        for name, text in zip(tokens[1::5], tokens[3::5], strict=True)
        if name and "=" in text
        if name not in _LAYOUT or "background" in attributes.read(text)
    ]
    return [
        [x for x in tokens[::5] if x.strip()],
        list(filter(None, tokens[4::5])),
        tags,
    ]


def test_rows() -> None:
    """Tags that say nothing are one token with those that follow."""
    page = '<tr> <td width="9"><font size=1 color="#fff"></font>\n<br><a href="b">'
    assert _TOKEN.split(page)[1::5] == ["a"]
    assert read_html('<td id=1 background="a"><p background=b>').references == {
        "a": Role.RESOURCE,
        "b": Role.RESOURCE,
    }
