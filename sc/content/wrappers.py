"""Who wraps links, and where in the wrapper the inner one stands.

A protector is a service of the recipient's; a redirector carries links that anybody
made. Only names that their owners use for nothing but this, or paths of theirs: on
any other host `?url=` says nothing, and would let a spammer blame a stranger.
"""

import json
import re
from collections.abc import Callable
from urllib.parse import unquote

from attrs import frozen

from sc.content import proofpoint
from sc.content.transfer import decode
from sc.content.urls import Url


@frozen
class Wrapper:
    """
    @ivar read: the inner URL, not yet canonical; None or anything that is no URL if
        it cannot be read.
    @ivar path: what path and query must match, from their beginning.
    @ivar protector: it stands in the recipient's service.
    """

    read: Callable[[Url], str | None]
    path: re.Pattern[str]
    protector: bool = False


def _parameter(*names: str) -> Callable[[Url], str | None]:
    """The URL stands percent-encoded in one of these query parameters."""
    pattern = re.compile(rf"[?&](?:amp;)?(?:{'|'.join(names)})=([^&#]+)", re.IGNORECASE)

    def read(url: Url) -> str | None:
        match = pattern.search(url.href)
        return unquote(match[1]) if match else None

    return read


def _host_in(name: str) -> Callable[[Url], str | None]:
    """Opaque, but a parameter tells the host: as much as there is to complain about."""
    parameter = _parameter(name)

    def read(url: Url) -> str | None:
        host = parameter(url)
        return f"http://{host}/" if host else None

    return read


def _rest(prefix: str) -> Callable[[Url], str | None]:
    """The URL is the rest of the path, with or without its scheme."""
    pattern = re.compile(rf"[a-z]+://[^/]*{prefix}(https?%3A|https?:|s/)?(.+)", re.I)

    def read(url: Url) -> str | None:
        match = pattern.match(url.href)
        if not match:
            return None
        scheme, rest = match[1] or "", match[2]
        if scheme[:4].lower() == "http":
            return unquote(scheme + rest)
        return ("https://" if scheme else "http://") + rest

    return read


def _piece(pattern: str) -> Callable[[Url], str | None]:
    """The URL stands percent-encoded between two marks of the path."""
    compiled = re.compile(rf"[a-z]+://[^/]*{pattern}", re.IGNORECASE)

    def read(url: Url) -> str | None:
        match = compiled.match(url.href)
        return unquote(match[1]) if match else None

    return read


def _base64(pattern: str) -> Callable[[Url], str | None]:
    """The URL stands in base64 or base64url (RFC 4648), padded or not."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def read(url: Url) -> str | None:
        match = compiled.search(url.href)
        return _text(unquote(match[1])) if match else None

    return read


def _text(encoded: str) -> str:
    octets = encoded.translate({45: "+", 95: "/"}).encode("utf-8", "replace")
    return decode(octets, "base64").decode("utf-8", "replace")


def _sophos(url: Url) -> str | None:
    """`u` is base64 of the URL, `d` its domain."""
    return _base64(r"[?&]u=([^&#]+)")(url) or _host_in("d")(url)


def _mandrill(url: Url) -> str | None:
    """`p` is base64url of JSON, whose `p` is JSON again, whose `url` it is."""
    encoded = _base64(r"[?&]p=([\w-]+)")(url)
    try:
        inner = json.loads(json.loads(encoded or "")["p"])["url"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return inner if isinstance(inner, str) else None


def _translated(url: Url) -> str | None:
    """`www-my--shop-example.translate.goog`: `-` is a dot, `--` a hyphen."""
    name = url.host.removesuffix(".translate.goog")
    if "." in name:
        return None
    host = name.replace("--", "\0").replace("-", ".").replace("\0", "-")
    scheme = "http" if "_x_tr_sch=http&" in url.href + "&" else "https"
    path = url.href.partition(".translate.goog")[2]
    path = re.sub(r"(?<=[?&])_x_tr_\w+=[^&#]*&?", "", path)
    return f"{scheme}://{host}{path.rstrip('?&')}"


def _proofpoint(url: Url) -> str | None:
    return proofpoint.unwrap(url.href)


def _protector(read: Callable[[Url], str | None], path: str = "") -> Wrapper:
    return Wrapper(read, re.compile(path), protector=True)


def _redirector(read: Callable[[Url], str | None], path: str) -> Wrapper:
    return Wrapper(read, re.compile(path))


_GOOGLE = (
    _redirector(_parameter("q", "url"), r"/url\?"),
    _redirector(_rest("/amp/"), r"/amp/s?/?"),
    _redirector(_parameter("imgurl"), r"/imgres\?"),
)
_SAFE_LINKS = (_protector(_parameter("url")),)
_CLICKTIME = _protector(_parameter("url"), r"/wis/clicktime/")
_MIMECAST = (_protector(_host_in("domain"), "/[sr]/"),)
_CHECK_POINT = (_protector(_piece("/v[0-9]/[^_]*+___(.+?)___"), "/v[0-9]/"),)
# Google's list of its search hosts; `google.com` itself stands below.
_COUNTRIES = (
    "ad ae com.af com.ag al am co.ao com.ar as at com.au az ba com.bd be bf bg com.bh"
    " bi bj com.bn com.bo com.br bs bt co.bw by com.bz ca cd cf cg ch ci co.ck cl cm"
    " cn com.co co.cr com.cu cv com.cy cz de dj dk dm com.do dz com.ec ee com.eg es"
    " com.et fi com.fj fm fr ga ge gg com.gh com.gi gl gm gr com.gt gy com.hk hn hr ht"
    " hu co.id ie co.il im co.in iq is it je com.jm jo co.jp co.ke com.kh ki kg co.kr"
    " com.kw kz la com.lb li lk co.ls lt lu lv com.ly co.ma md me mg mk ml com.mm mn"
    " com.mt mu mv mw com.mx com.my co.mz com.na com.ng com.ni ne nl no com.np nr nu"
    " co.nz com.om com.pa com.pe com.pg com.ph com.pk pl pn com.pr ps pt com.py com.qa"
    " ro ru rw com.sa com.sb sc se com.sg sh si sk com.sl sn so sm sr st com.sv td tg"
    " co.th com.tj tl tm tn to com.tr tt com.tw co.tz com.ua co.ug co.uk com.uy co.uz"
    " com.vc co.ve co.vi com.vn vu ws rs co.za co.zm co.zw cat"
)

WRAPPERS: dict[str, tuple[Wrapper, ...]] = {
    **{host: (_protector(_proofpoint, "/v[123]/"),) for host in proofpoint.HOSTS},
    # Agencies run it under names of their own.
    "gov": (_protector(_proofpoint, "/v3/__"),),
    "safelinks.protection.outlook.com": _SAFE_LINKS,
    "safelinks.protection.outlook.us": _SAFE_LINKS,
    "safelinks.protection.outlook.de": _SAFE_LINKS,
    "safelinks.protection.outlook.cn": _SAFE_LINKS,
    "safelinks.protection.office365.us": _SAFE_LINKS,
    "statics.teams.cdn.office.net": (
        _protector(_parameter("url"), "/evergreen-assets/safelinks"),
    ),
    "trendmicro.com": (_CLICKTIME,),
    "linkprotect.cudasvc.com": (_protector(_parameter("a")),),
    "secure-web.cisco.com": (_protector(_rest("/[^/]+/")),),
    "clicktime.symantec.com": (_protector(_parameter("u")),),
    "clicktime.cloud.postoffice.net": (_protector(_parameter("u")),),
    "protection.sophos.com": (_protector(_sophos),),
    "fortimailcloud.com": (_protector(_parameter("url"), "/fmlurlsvc/"),),
    "fireeye.com": (_protector(_parameter("u"), r"(?:/v[0-9])?/url\?"),),
    "trellix.com": (_protector(_parameter("u"), r"(?:/v[0-9])?/url\?"),),
    "mimecast.com": _MIMECAST,
    "mimecastprotect.com": _MIMECAST,
    "protect.checkpoint.com": _CHECK_POINT,
    "url.avanan.click": _CHECK_POINT,
    "scanmail.trustwave.com": (_protector(_parameter("u")),),
    "urlsand.esvalabs.com": (_protector(_parameter("u")),),
    "google.com": _GOOGLE,
    **{f"google.{country}": _GOOGLE for country in _COUNTRIES.split()},
    "accounts.google.com": (_redirector(_parameter("continue"), "/"),),
    "translate.google.com": (
        _redirector(_parameter("u"), r"/(?:translate|website)\?"),
    ),
    "translate.goog": (_redirector(_translated, "/"),),
    "googleadservices.com": (_redirector(_parameter("adurl"), "/pagead/aclk"),),
    "cdn.ampproject.org": (_redirector(_rest("/[cv]/"), "/[cv]/"),),
    "youtube.com": (_redirector(_parameter("q"), r"/redirect\?"),),
    "bing.com": (_redirector(_base64(r"[?&]u=a1([\w-]+)"), "/ck/a"),),
    "duckduckgo.com": (_redirector(_parameter("uddg"), r"/l/\?"),),
    "r.search.yahoo.com": (_redirector(_piece(r"/.*?/RU=([^/]+)/"), "/"),),
    "l.facebook.com": (_redirector(_parameter("u"), "/l.php"),),
    "lm.facebook.com": (_redirector(_parameter("u"), "/l.php"),),
    "l.instagram.com": (_redirector(_parameter("u"), "/"),),
    "linkedin.com": (_redirector(_parameter("url"), "/(?:redir/redirect|safety/go)"),),
    "vk.com": (_redirector(_parameter("to"), "/away.php"),),
    "slack-redir.net": (_redirector(_parameter("url"), "/link"),),
    "steamcommunity.com": (_redirector(_parameter("u", "url"), "/linkfilter/"),),
    "mandrillapp.com": (_redirector(_mandrill, "/track/click"),),
    "awstrack.me": (_redirector(_piece("/L0/([^/]+)"), "/L0/"),),
}
"""By host, or a domain above it."""
