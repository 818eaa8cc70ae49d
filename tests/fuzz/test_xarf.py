"""Whatever the message is, its XARF reports are what the official schemas take."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from sc.abuse.reports.xarf import write
from sc.content.urls import canonical
from sc.model.complaint import LinkItem, RelayItem
from sc.model.evidence import Evidence, Link, Role
from sc.model.xarf import LinkType
from tests.fakes.abuse import contact, message, relay
from tests.fakes.xarf import asked, check, host, spam

TEXT = st.text(max_size=40) | st.sampled_from(["", "\r\n.\r\n", "a@b", "x" * 1200])
ADDRESSES = st.from_regex(r"[a-z.\"@ü<> ]{0,12}@[a-z.]{0,12}", fullmatch=True) | TEXT
PATHS = st.text(max_size=30) | st.sampled_from(
    ["%", "%zz", "[]|{}^`\\", "?#?#", "\ud800"]
)
FIELDS = st.sampled_from(
    [b"From", b"Return-Path", b"Subject", b"Message-ID", b"To", b"X"]
)
LINES = st.tuples(
    FIELDS,
    st.binary(max_size=60) | ADDRESSES.map(lambda a: a.encode("utf-8", "replace")),
)
CONTENT = st.builds(
    lambda lines, body: b"\n".join(b"%s: %s" % line for line in lines) + body,
    st.lists(LINES, max_size=6),
    st.binary(max_size=60),
)
DATES = st.none() | st.datetimes() | st.datetimes(timezones=st.just(UTC))


@st.composite
def hosts(draw: st.DrawFn) -> LinkItem:
    paths = [draw(PATHS), *draw(st.lists(PATHS, max_size=2))]
    urls = [url for path in paths if (url := canonical(f"http://a.example/{path}"))]
    first, *chain = [url.href for url in urls] or ["http://a.example/"]
    name = draw(st.sampled_from(["a.example", "xn--a.example", "198.51.100.9"]))
    link = Link(first, name, Role.NAVIGATES, tuple(chain))
    ips = draw(st.lists(st.ip_addresses(), min_size=1, max_size=3))
    return LinkItem(name, tuple(ips), (link,), draw(st.integers(1, 99)), contact())


@given(
    content=CONTENT,
    sender=ADDRESSES | st.none(),
    date=DATES,
    by=TEXT,
    item=hosts(),
    kind=st.sampled_from(LinkType),
)
@example(b"", None, None, "", host(), LinkType.FRAUD)
def test_always_valid(
    content: bytes,
    sender: str | None,
    date: datetime | None,
    by: str,
    item: LinkItem,
    kind: LinkType,
) -> None:
    """Whatever the message is, a report is valid, or is not there and we say why."""
    source = relay(date=date, by=by)
    evidence = Evidence("f", (source,))
    relayed = RelayItem(source, contact())
    told = write(
        asked(kind),
        spam(message(content, sender=sender), evidence),
        [relayed, item],
    )
    for report in told.reports.values():
        check(report)
    assert item in told.reports
    assert len(told.reports) + len(told.warnings) == 2
