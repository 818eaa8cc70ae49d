"""sc.content.unwrap: links that only wrap another."""

import json
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.unwrap import MAX_LEVELS, unwrap
from sc.content.urls import Url, canonical

SAFE = "https://nam01.safelinks.protection.outlook.com/?url={}&data=05%7C01"
TREND = "https://ctp.trendmicro.com/wis/clicktime/v2/clickthrough?url={}&uuid=1"
V3 = "https://urldefense.com/v3/__{}__;{}!!x!y$"

TEAMS = "https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/x.html"
MANDRILL = b64encode(
    json.dumps({"s": "x", "v": 1, "p": json.dumps({"url": "http://a.example/m"})}).encode()
).decode().rstrip("=")  # fmt: skip

WRAPPED = [
    (
        "https://urldefense.proofpoint.com/v1/url?u=http://a.example/%3Fa%3D1%26amp%3Bb%3D2&k=x%3D",
        "http://a.example/?a=1&b=2",
    ),
    (
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_b-5Fc-2Dd&d=Dw&c=x&e=",
        "https://a.example/b_c-d",
    ),
    (V3.format("https://a.example/s?q=a*test&g=ps", "Kw"), "https://a.example/s?q=a+test&g=ps"),
    (V3.format("http:/a.example/**A/x", "w6nDqA"), "http://a.example/%C3%A9%C3%A8/x"),
    (V3.format("http://a.example/**_x", "Kys"), "http://a.example/++x"),
    ("https://urldefense.us/v3/__http://a.example/__;!!x$", "http://a.example/"),
    (SAFE.format("https%3A%2F%2Fa.example%2Fb%3Fc%3Dd"), "https://a.example/b?c=d"),
    (TREND.format(quote(SAFE.format("http%3A%2F%2Fa.example"), "")), "http://a.example/"),
    ("https://www.google.com/url?q=https://a.example/&sa=D", "https://a.example/"),
    ("https://www.google.co.uk/url?sa=t&url=https%3A%2F%2Fa.example", "https://a.example/"),
    ("https://www.google.com/amp/s/a.example/b?c", "https://a.example/b?c"),
    ("https://google.com/amp/a.example/b", "http://a.example/b"),
    ("https://x.cdn.ampproject.org/c/s/a.example/", "https://a.example/"),
    ("https://secure-web.cisco.com/1abc/https%3A%2F%2Fa.example%2Fb", "https://a.example/b"),
    ("https://www.bing.com/ck/a?p=1&u=a1aHR0cHM6Ly9hLmV4YW1wbGUv&ntb=1", "https://a.example/"),
    ("https://eu1.protection.sophos.com?d=a.example&u=aHR0cHM6Ly9hLmV4YW1wbGUv", "https://a.example/"),
    ("https://urldefense.agency.gov/v3/__http://a.example/__;!!x$", "http://a.example/"),
    ("https://protect-eu.mimecast.com/s/AbC?domain=a.example", "http://a.example/"),
    ("https://url.uk.m.mimecastprotect.com/s/AbC?domain=a.example", "http://a.example/"),
    ("https://eu1.protection.sophos.com/?d=a.example", "http://a.example/"),
    ("https://protect.checkpoint.com/v2/___http://a.example/b___.YXA", "http://a.example/b"),
    ("https://url.avanan.click/v2/url/___http://a.example/b___.YXA", "http://a.example/b"),
    ("https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fa.example&c=E,1", "https://a.example/"),
    ("https://clicktime.symantec.com/3Abc?u=http%3A%2F%2Fa.example%2Fb", "http://a.example/b"),
    ("https://clicktime.symantec.com/15siKCu?h=x%3D&u=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://clicktime.cloud.postoffice.net/clicktime.php?U=http://a.example/&E=x", "http://a.example/"),
    ("https://x.fortimailcloud.com/fmlurlsvc/?fewReq=:B:x&url=http%3a%2f%2fa.example", "http://a.example/"),
    ("https://protect2.fireeye.com/v1/url?k=1-2&q=1&u=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://us.trellix.com/url?k=1&u=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://x.trendmicro.com:443/wis/clicktime/v1/query?url=http%3a%2f%2fa.example", "http://a.example/"),
    (TEAMS + "?url=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://scanmail.trustwave.com/?c=1&d=2&s=5&u=http%3a%2f%2fa.example", "http://a.example/"),
    ("https://urlsand.esvalabs.com/?u=http%3A%2F%2Fa.example&e=1", "http://a.example/"),
    ("https://www-a--b-example.translate.goog/c?x=1&_x_tr_sl=en&_x_tr_sch=http", "http://www.a-b.example/c?x=1"),
    ("https://a-example.translate.goog/?_x_tr_sl=en&_x_tr_tl=de", "https://a.example/"),
    ("https://translate.google.com/translate?sl=auto&u=http://a.example/", "http://a.example/"),
    ("https://mandrillapp.com/track/click/1/a.example?p=" + MANDRILL, "http://a.example/m"),
    ("https://x.r.eu-west-1.awstrack.me/L0/https:%2F%2Fa.example%2Fb/1/0102-x/sig=3", "https://a.example/b"),
    ("https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fa.example", "https://a.example/"),
    ("https://duckduckgo.com/l/?uddg=https%3A%2F%2Fa.example", "https://a.example/"),
    ("https://r.search.yahoo.com/_ylt=A0/RU=http%3a%2f%2fa.example%2f/RK=2/RS=x-", "http://a.example/"),
    ("https://accounts.google.com/ServiceLogin?continue=https://a.example/", "https://a.example/"),
    ("https://www.googleadservices.com/pagead/aclk?sa=L&adurl=https://a.example", "https://a.example/"),
    ("https://www.google.com/imgres?imgurl=http://a.example/x.png", "http://a.example/x.png"),
    ("https://www.google.com.tr/url?q=http://a.example", "http://a.example/"),
    ("https://l.instagram.com/?u=https%3A%2F%2Fa.example&e=x", "https://a.example/"),
    ("https://www.linkedin.com/redir/redirect?url=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://www.linkedin.com/safety/go?url=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://m.vk.com/away.php?to=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://slack-redir.net/link?url=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://steamcommunity.com/linkfilter/?u=http%3A%2F%2Fa.example", "http://a.example/"),
    ("https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example%2F&h=x", "https://a.example/"),
]  # fmt: skip


def _url(text: str) -> Url:
    url = canonical(text)
    assert url
    return url


@pytest.mark.parametrize(("wrapped", "inner"), WRAPPED)
def test_unwrap(wrapped: str, inner: str) -> None:
    """The inner link counts, and the wrapper stands first in the chain."""
    unwrapped = unwrap(_url(wrapped))
    assert unwrapped.url == _url(inner)
    assert unwrapped.chain[0] == _url(wrapped).href


@pytest.mark.parametrize(
    "opaque",
    [
        "https://x.safelinks.protection.outlook.com/nothing",
        "https://protect-eu.mimecast.com/s/AbC",
        "https://protect-eu.mimecast.com/r/AbC?domain=localhost",
        "https://protect.checkpoint.com/v2/r02/___jyyux://f.jcfruqj___.x",
        "https://urldefense.com/v3/nothing",
        "https://secure-web.cisco.com/nothing",
        "https://urldefense.proofpoint.com/v2/url?x=1",
        "https://eu1.protection.sophos.com/?x=a.example",
        SAFE.format("mailto%3Ax"),
    ],
)
def test_protector_never_counts(opaque: str) -> None:
    """Whoever protects the recipient is not complained about, whatever it hides."""
    assert unwrap(_url(opaque)).url is None


@pytest.mark.parametrize(
    "plain",
    [
        "https://www.google.com/maps",
        "https://www.google.com/url?x=1",
        "https://www.google.com/url?q=mailto:x",
        "https://www.bing.com/ck/a?u=b1",
        "https://a.cdn.ampproject.org/c/s/",
        "https://evilgoogle.com/url?q=http://a.example/",
        "https://x.y.translate.goog/",
        "https://mandrillapp.com/track/click/1/x?p=e30",
        "https://mandrillapp.com/track/click/1/x?p=W10",
        "https://mandrillapp.com/track/click/1/x?q",
        "https://mandrillapp.com/track/click/1/x?p=" + "Wyd7".replace("d", "g") * 9000,
        "https://evil.gov/url?u=http://a.example/",
        "https://evil.example/fmlurlsvc/?url=http://a.example/",
    ],
)
def test_not_wrapped(plain: str) -> None:
    """What wraps nothing that can be read stays as it is."""
    assert unwrap(_url(plain)).url == _url(plain)


def test_levels() -> None:
    """Wrappers in wrappers end at the limit."""
    url = "http://a.example/"
    for _ in range(MAX_LEVELS + 2):
        url = f"https://www.google.com/url?q={quote(url, '')}"
    unwrapped = unwrap(_url(url))
    assert len(unwrapped.chain) == MAX_LEVELS


PREFIXES = [wrapped.partition("a.example")[0] for wrapped, _ in WRAPPED]


@given(st.sampled_from(PREFIXES), st.text(max_size=60))
def test_never_raises(prefix: str, rest: str) -> None:
    """Whatever stands behind a wrapper, it is unwrapped or left."""
    url = canonical(prefix + rest)
    if url:
        assert len(unwrap(url).chain) <= MAX_LEVELS
