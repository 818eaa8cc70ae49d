"""Hosts whose links only lead elsewhere, so that the one behind them counts.

Where such a link leads only its operator can say; who asks is
`sc.abuse.shorteners.following`.
"""

from sc.content.urls import Url, under

_NAMES = (
    "0rz.tw 1url.com acortar.link adf.ly app.link ay.gy bc.vc bit.do bit.ly bitly.com"
    " bitly.ws bl.ink bom.so buff.ly chilp.it clck.ru cli.re cutt.ly cutt.us da.gd"
    " dlvr.it dub.sh dwz.cn eepurl.com encurtador.com.br fas.st forms.gle go2l.ink"
    " goo.by goo.gl goo.su han.gl hubs.la hubs.li hubs.ly ift.tt is.gd j.gs j.mp"
    " kurzelinks.de kutt.it l.ead.me lihi.cc ln.run lnk.to lnkd.in lstu.fr mcaf.ee"
    " me2.do n9.cl onelink.me ouo.io ow.ly page.link po.st ppt.cc prf.hn pse.is q.gs"
    " qr.ae qr1.be qrco.de rb.gy rebrand.ly reurl.cc s.id shor.by short.gy shorte.st"
    " shorturl.asia shorturl.at smarturl.it snip.ly soo.gd spoo.me spr.ly su.pr suo.im"
    " surl.li t.cn t.co t.ly t2m.io tiny.cc tiny.one tiny.pl tinyurl.com tny.im tr.im"
    " trib.al u.nu u.to ur1.ca url.cn url.kr urlr.me urlz.fr v.gd v.ht vk.cc vo.la"
    " wp.me x.co x.gd zpr.io zurl.co"
)
KNOWN = frozenset(_NAMES.split())
"""Names of services that shorten anybody's links, with all below them."""


def is_short(url: Url, hosts: frozenset[str]) -> bool:
    """A link of one of these services; its home page is none."""
    if not under(url.host, hosts):
        return False
    path = url.key.partition("://")[2].partition("/")[2]
    return bool(path)
