"""abuse.shorteners.expansion: where a short link leads, asking its shorteners only."""

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from sc.abuse.shorteners.expansion import FAILURE_KEPT, KEPT, Expanded, ExpandError
from sc.content.urls import Url, canonical
from sc.net.fetcher import MAX_REDIRECTS, Fetched, FetchError, ForbiddenError
from tests.fakes.short_links import FakeWeb, expander

SHORT, END = "https://bit.ly/a", "http://shop.example/?id=7"


def url(text: str) -> Url:
    found = canonical(text)
    assert found is not None
    return found


def fine(_url: str) -> str:
    return ""


async def expand(answers: dict[str, object], short: str = SHORT) -> Expanded:
    return await expander(FakeWeb(answers), Clock()).expand(url(short), fine)


async def problem(answers: dict[str, object], short: str = SHORT) -> str:
    with pytest.raises(ExpandError) as caught:
        await expand(answers, short)
    return str(caught.value)


async def test_one() -> None:
    """The host behind a short link is found, and only the shortener was asked."""
    web = FakeWeb({SHORT: END})
    found = await expander(web, Clock()).expand(url(SHORT), fine)
    assert found == Expanded(url(END), (SHORT,))
    assert web.asked == [SHORT]


def many(count: int) -> dict[str, object]:
    steps = {f"https://bit.ly/{n}": f"https://bit.ly/{n + 1}" for n in range(count)}
    return {**steps, f"https://bit.ly/{count - 1}": END}


async def test_five_redirects() -> None:
    """Five redirects are followed, and each stands in the chain."""
    found = await expand(many(MAX_REDIRECTS), "https://bit.ly/0")
    assert found.url.href == END
    assert found.chain == tuple(f"https://bit.ly/{n}" for n in range(5))


async def test_six_redirects() -> None:
    """Six are one too many, and the sixth question is not asked."""
    web = FakeWeb(many(MAX_REDIRECTS + 1))
    with pytest.raises(ExpandError, match="it redirects more than 5 times"):
        await expander(web, Clock()).expand(url("https://bit.ly/0"), fine)
    assert len(web.asked) == MAX_REDIRECTS


@pytest.mark.parametrize(
    "targets",
    [("https://bit.ly/a",), ("https://t.co/b", SHORT), ("http://bit.ly/a#x",)],
)
async def test_ring(targets: tuple[str, ...]) -> None:
    """A ring is left when it closes, also one through http or with a fragment."""
    answers = dict(zip((SHORT, *targets), targets, strict=False))
    assert await problem({**answers}) == "bit.ly redirects in a ring"


async def test_from_https_to_http() -> None:
    """A shortener behind https is asked by https, whatever the link to it says."""
    web = FakeWeb({SHORT: "http://t.co/b", "https://t.co/b": END})
    found = await expander(web, Clock()).expand(url(SHORT), fine)
    assert found == Expanded(url(END), (SHORT, "http://t.co/b"))
    assert web.asked == [SHORT, "https://t.co/b"]


async def test_http() -> None:
    """A link that begins with http is asked for as it is."""
    found = await expand({"http://is.gd/a": END}, "http://is.gd/a")
    assert found.chain == ("http://is.gd/a",)


async def test_fragment() -> None:
    """What stands behind `#` is told to nobody, and stays in the chain."""
    web = FakeWeb({SHORT: END})
    found = await expander(web, Clock()).expand(url(SHORT + "#me"), fine)
    assert (web.asked, found.chain) == ([SHORT], (SHORT + "#me",))


async def test_wrapped() -> None:
    """An open redirector behind a shortener is read without asking it."""
    outer = "https://www.google.com/url?q=" + END.replace("=", "%3D")
    found = await expand({SHORT: outer})
    assert found == Expanded(url(END), (SHORT, url(outer).href))


async def test_protected() -> None:
    """A mail filter's link that keeps its secret is no end."""
    target = "https://protect-eu.mimecast.com/s/AbCd"
    said = await problem({SHORT: target})
    assert said == "bit.ly leads to a filter's link: protect-eu.mimecast.com"


async def test_relative() -> None:
    """A relative Location counts from where it was sent."""
    found = await expand({SHORT: "/b", "https://bit.ly/b": "//shop.example/x"})
    assert found.url.href == "https://shop.example/x"


@pytest.mark.parametrize(
    "target",
    [
        "",
        "http://",
        "mailto:a@b.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://localhost/",
        "intent://x#Intent;end",
        "http://\x00\x7f/",
        "\r\n",
    ],
)
async def test_no_web_page(target: str) -> None:
    """A redirect to what is no page of the web leads nowhere."""
    said = await problem({SHORT: target})
    assert said in (
        "bit.ly redirects to what is no web page",
        "bit.ly redirects in a ring",
    )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "10.1.2.3",
        "169.254.169.254",
        "224.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a00:1::1]",
        "[2001:0:808:808::f5ff:fffe]",
        "[fe80::1]",
    ],
)
async def test_private_end(host: str) -> None:
    """An address that is not of the internet is nobody's to complain about."""
    said = await problem({SHORT: f"http://{host}/"})
    assert said.endswith("which is not public")


async def test_line_end_in_location() -> None:
    """No line end comes out of a Location, however it got in."""
    found = await expand({SHORT: "http://shop.example/a\r\nBcc: x\n\tb"})
    assert found.url.href == "http://shop.example/aBcc:%20xb"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (200, "bit.ly answers HTTP 200 and redirects nowhere"),
        (302, "bit.ly answers HTTP 302 and redirects nowhere"),
        (404, "bit.ly answers HTTP 404 and redirects nowhere"),
        (FetchError("bit.ly sent too much"), "bit.ly sent too much"),
        (ForbiddenError("bit.ly is not fetched from"), "bit.ly is not fetched from"),
    ],
)
async def test_dead(answer: object, said: str) -> None:
    """A dead link says why."""
    assert await problem({SHORT: answer}) == said


async def test_objection() -> None:
    """What the caller objects to is not asked for, on the way neither."""
    web = FakeWeb({SHORT: "https://t.co/me"})

    def objection(asked: str) -> str:
        return "holds the recipient" if "me" in asked else ""

    with pytest.raises(
        ExpandError, match=r"^t\.co is not asked: the link holds the recipient$"
    ):
        await expander(web, Clock()).expand(url(SHORT), objection)
    assert web.asked == [SHORT]


async def test_remembered() -> None:
    """One link is asked for once an hour; a dead one sooner again."""
    clock, dead = Clock(), "https://bit.ly/dead"
    web = FakeWeb({SHORT: END, dead: 404})
    asking = expander(web, clock)
    for wait, asked in [(0, 2), (FAILURE_KEPT, 3), (KEPT, 5)]:
        clock.advance(wait)
        for _ in range(2):
            assert (await asking.expand(url(SHORT), fine)).url == url(END)
            with pytest.raises(ExpandError, match="HTTP 404"):
                await asking.expand(url(dead), fine)
        assert len(web.asked) == asked


async def test_bounded_memory() -> None:
    """The memory keeps what was used last."""
    web = FakeWeb({f"https://bit.ly/{n}": END for n in range(3)})
    asking = expander(web, Clock())
    asking._memory.size = 2
    for n in (0, 1, 0, 2, 0, 1):
        await asking.expand(url(f"https://bit.ly/{n}"), fine)
    assert web.asked == [f"https://bit.ly/{n}" for n in (0, 1, 2, 1)]


async def test_asked_once_at_a_time() -> None:
    """Many who get the same spam at once ask once; one who leaves disturbs nobody."""
    answer: Deferred[str] = Deferred()
    web = FakeWeb({SHORT: answer})
    asking = expander(web, Clock())
    both = [Deferred.fromCoroutine(asking.expand(url(SHORT), fine)) for _ in "ab"]
    both[0].cancel()
    with pytest.raises(CancelledError):
        await both[0]
    answer.callback(END)
    assert (await both[1]).url == url(END)
    assert web.asked == [SHORT]


async def test_overloaded_shortener() -> None:
    """One that says 429 is left alone as long as it says, the others are asked."""
    clock = Clock()
    other = "https://t.co/b"
    later = Fetched(429, {"retry-after": "100"}, b"", SHORT)
    web = FakeWeb({SHORT: later, other: END, "https://bit.ly/c": END})
    asking = expander(web, clock)
    with pytest.raises(ExpandError, match="HTTP 429"):
        await asking.expand(url(SHORT), fine)
    with pytest.raises(ExpandError, match=r"bit\.ly is not asked for another 100 s"):
        await asking.expand(url("https://bit.ly/c"), fine)
    assert (await asking.expand(url(other), fine)).url == url(END)
    clock.advance(100)
    assert (await asking.expand(url("https://bit.ly/c"), fine)).url == url(END)


@pytest.mark.parametrize("answer", [500, FetchError("down")])
async def test_ill_shortener(answer: object) -> None:
    """After three failures it is left alone for a minute."""
    links = [f"https://bit.ly/{n}" for n in range(5)]
    web = FakeWeb(dict.fromkeys(links, answer))
    asking = expander(web, Clock())
    for link in links:
        with pytest.raises(ExpandError):
            await asking.expand(url(link), fine)
    assert len(web.asked) == 3
