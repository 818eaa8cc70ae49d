"""sc.content.attributes: what the attributes of one tag open or load."""

from hypothesis import given
from hypothesis import strategies as st

from sc.content.attributes import _ONE, _ROLES, _SPECIAL, _collect_each, collect
from sc.model.evidence import Role

ATTRIBUTES = [
    ' href="http://a.example/?b&#61;1"',
    '\nSRC="http://c.example/"',
    " src=http://c.example",
    ' Href="http://d.example/"',
    ' href="cid:e"',
    ' data-f="http://f.example/"',
    ' width="9"',
    " BORDER=0",
    " alt",
    " title='\"'",
    ' a="',
    '"',
    "'",
    "/",
    " ",
    "=",
]


@given(
    st.sampled_from(["a", "img", "link"]),
    st.lists(st.sampled_from(ATTRIBUTES), max_size=6).map("".join),
)
def test_at_once(tag: str, text: str) -> None:
    """What is read in one look is what would be read attribute by attribute."""
    start = {"http://c.example/": Role.RESOURCE}
    fast, slow = dict(start), dict(start)
    collect(tag, text, fast)
    _collect_each(tag, text, slow)
    assert fast == slow


def test_one() -> None:
    """The usual tags are read in one look, and no attribute that counts is lost."""
    assert _ONE.match(' class="a" href="http://b.example/" title="c d" ')
    assert _ONE.match(' width=1 src="http://b.example/c.png" alt="" border=0 /')
    for name in (*_ROLES, *_SPECIAL, "data-a"):
        for written in (name, name.upper(), name.title()):
            assert not _ONE.match(f' {written}="d" href="http://b.example/"')
