"""Octets to text as mail readers do it, whatever the sender declares.

The order: byte order mark, declared charset, HTML's own `meta`, UTF-8, Windows-1252.
"""

import codecs
import re
from collections.abc import Iterator
from encodings.aliases import aliases

# Only true character sets: Python's registry also holds codecs that are no text
# (zlib: a decompression bomb), or whose time grows with the square (idna, punycode).
# And it remembers each unknown name for ever, so strangers' labels never reach it.
_NO_TEXT = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13"} | {
    "uu_codec",
    "zlib_codec",
    "mbcs",
}
_OTHERS = ("koi8_r", "koi8_t", "koi8_u", "cp720", "cp737", "cp874", "cp875", "cp1006")
_KNOWN = (set(aliases.values()) | set(_OTHERS)) - _NO_TEXT
# WHATWG Encoding: these labels mean the larger set that senders really use.
_READ_AS = {
    "ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "windows_874": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "x_sjis": "cp932",
}
_LABEL = re.compile(r"[A-Za-z0-9][\w.:+-]{0,39}", re.ASCII)
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:+-]{1,40})", re.I)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

META_WITHIN = 4096
"""Octets in which a `meta` is looked for; HTML asks for 1024, Outlook writes more."""


def decode(payload: bytes, declared: str | None, *, html: bool = False) -> str:
    """Never fails: octets that no charset explains become U+FFFD."""
    candidates = list(_candidates(payload, declared, html=html))
    for name in candidates:
        try:
            return payload.decode(name)
        except UnicodeError:
            continue
    return payload.decode(candidates[0], "replace")


def _candidates(payload: bytes, declared: str | None, *, html: bool) -> Iterator[str]:
    for mark, name in _MARKS:
        if payload.startswith(mark):
            yield name
    known = lookup(declared) if declared else None
    if known in (None, "cp1252"):
        # A sender that declares nothing, ASCII or Latin-1 may well write UTF-8, and
        # other text is almost never valid UTF-8 by chance.
        yield "utf-8"
    if known:
        yield known
    meta = _META.search(payload[:META_WITHIN]) if html else None
    if meta and (named := lookup(meta[1].decode("latin-1"))):
        yield named
    yield "utf-8"
    yield "cp1252"


def lookup(label: str) -> str | None:
    """The codec for a charset label, as readers understand it; None if unknown."""
    match = _LABEL.search(label)
    if not match:
        return None
    name = _PUNCTUATION.sub("_", match[0].lower())
    name = aliases.get(name, name)
    name = _READ_AS.get(name, name)
    return codecs.lookup(name).name if name in _KNOWN else None
