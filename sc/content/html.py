"""The URLs in HTML, each with what it does, by the tokens of WHATWG HTML 13.2.5.

Tokens only, never a tree. All parsers that build one can be driven beyond any
bound by a small page: deep nesting, many attributes, or (500 `font` elements left
open, 2,000 paragraphs: 23 KB, 0.9 s) formatting that is rebuilt in each paragraph.
The patterns below are possessive and always succeed once begun: one pass, whatever
the page. Links in conditional comments, which only Outlook shows, are found, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from sc.content import attributes
from sc.content.attributes import SILENT, add, resolved
from sc.model.evidence import Role

MAX_TEXT = 1 << 20
"""Characters of one part that are read: ten times where Gmail cuts a message."""

MAX_REFERENCES = 20_000
"""References of one part that are kept; 2,000 distinct links are used."""

# The attributes of a tag that is written as most are, every value in double quotes or
# in none: its end is found at once. Whatever else must be read one by one. No name of
# an attribute with a value ends in one of the letters that are left out.
_PLAIN_BUT = (
    r"""[^"'>=]*+(?>(?:(?<=[^\W%s])="""
    r"""(?:"[^"]*+"|[^\s"'>=]++(?=[\s>]))[^"'>=]*+)*)(?=>)"""
)
_PLAIN = _PLAIN_BUT % ""
# A closing tag, one without attributes, or one of `_LAYOUT` without `background`.
_BARE = (
    r"(?:[/a-rt-zA-RT-Z][^=>]*+>"
    r"|(?:td|TD|tr|TR|font|FONT|table|TABLE|p|P|span|SPAN|div|DIV)"
    rf"\s{_PLAIN_BUT % 'dD'}>)"
)
# They make up most of a page, and most of them come in rows.
_ROW = rf"(?>(?:{_BARE}\s*+<(?=[a-zA-Z!?/]))*)"
# One of these; a tag with attributes; a comment that is no condition for Outlook;
# anything else that is no text. Behind the tag of a style or a script, what stands in
# it: nobody reads that (13.2.5.4), and one that is never closed hides the rest of the
# page.
_TOKEN = re.compile(
    rf"<{_ROW}(?:{_BARE}"
    rf"|([sS](?i:tyle|cript)(?=[\s/>])()|[a-zA-Z][^\s/>]*+)"
    rf"(?>({_PLAIN}|(?:{SILENT})*)[\s/]*+)>?+"
    rf"(?(2)((?>(?:[^<]++|<(?!/(?i:\1)[\s/>]))*)))"
    rf"|!--(?!\[if)(?:-?>|(?>(?:[^-]++|-(?!-!?>))*)(?:--!?>|\Z))"
    rf"|[!?/][^>]*+>?+)"
)
_CSS_URL = re.compile(
    # The bracket first: the search for one character is fast.
    r"""\((?<=[uU][rR][lL]\()\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s)"']++))"""
)
_CSS_IMPORT = re.compile(r"""@(?i:import)\s++(?:"([^"]*+)"|'([^']*+)')""")

_LAYOUT_NAMES = (
    "b big body br center div em font h1 h2 h3 h4 h5 h6 head hr html i li ol p small"
    " span strong style table tbody td th title tr u ul"
)
_LAYOUT = frozenset(_LAYOUT_NAMES.split() + _LAYOUT_NAMES.upper().split())
"""Elements on which no attribute opens or loads anything, but `background`."""


@frozen
class Page:
    """
    @ivar references: each URL as the browser reads the attribute, maybe relative,
        in the order of the page, with the strongest of its roles.
    @ivar base: the first `base href`.
    @ivar text: what stands between the tags, one line for each piece.
    """

    references: Mapping[str, Role] = field(factory=dict)
    base: str | None = None
    text: str = ""
    cut: bool = False


def read_html(html: str) -> Page:
    """Never raises; one pass."""
    page = html[:MAX_TEXT]
    # Text, tag name, mark, attributes, inside, text, ...; None for the others.
    tokens = _TOKEN.split(page)
    tags = zip(tokens[1::5], tokens[3::5], strict=True)
    base, found = _read_tags(
        # A page repeats many, each is read once.
        dict.fromkeys([tag for tag in tags if tag[1]])
    )
    for inside in filter(None, tokens[4::5]):
        add(found, ((url, Role.RESOURCE) for url in attributes.quoted(inside)))
    add(found, ((url, Role.RESOURCE) for url in _css(page)))
    text = resolved("\n".join(filter(None, tokens[::5])).replace("&nbsp;", " "))
    return Page(found, base, text, cut=len(html) > MAX_TEXT)


def _read_tags(tags: Iterable[tuple[str, str]]) -> tuple[str | None, dict[str, Role]]:
    """The first base, and what each URL does."""
    base: str | None = None
    found: dict[str, Role] = {}
    for name, text in tags:
        if len(found) >= MAX_REFERENCES:
            break
        if name in _LAYOUT and "background" not in text.lower():
            continue
        tag = name.lower()
        if tag == "base":
            href = attributes.read(text).get("href", "")
            base = base or resolved(href) or None
        else:
            attributes.collect(tag, text, found)
    return base, found


def _css(page: str) -> Iterator[str]:
    """`url()` anywhere: in `style` elements, attributes, and Outlook's comments."""
    for match in _CSS_URL.finditer(page):
        # In an attribute, its quotes may be `&quot;`.
        yield resolved(match[1] or match[2] or match[3] or "").strip("\"'")
    for match in _CSS_IMPORT.finditer(page):
        yield match[1] or match[2] or ""
