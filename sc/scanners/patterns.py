"""The test strings that every filter must know: GTUBE, EICAR and their relatives.

GTUBE's letters are rspamd's: X rejects, Y adds a field, Z rewrites the subject. Its
A ("no action") is left out: a stranger could let his spam through with it.
"""

from collections.abc import Mapping

from attrs import frozen

from sc.content import mime, transfer
from sc.content.media import Media
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface
from sc.scanners.settings import Enabled, ScannerSettings

NAME = "patterns"


@frozen
class Pattern:
    """A test string; its own text is not written here, or scanners would find it."""

    symbol: str
    text: bytes
    description: str


def _gt(letter: str, name: str, kind: str) -> bytes:
    core = f"{letter}JS*C4JDBQADN1.NSBN3*2IDNEN*{name}-STANDARD-ANTI-{kind}"
    return f"{core}-TEST-EMAIL*C.34X".encode()


PATTERNS = (
    Pattern("GTUBE", _gt("X", "GTUBE", "UBE"), "test for spam: reject"),
    Pattern("GTUBE_ADD_HEADER", _gt("Y", "GTUBE", "UBE"), "test for spam: add header"),
    Pattern(
        "GTUBE_REWRITE_SUBJECT",
        _gt("Z", "GTUBE", "UBE"),
        "test for spam: rewrite subject",
    ),
    Pattern("GTPHISH", _gt("X", "GTPHISH", "PHISH"), "test for phishing"),
    Pattern(
        "EICAR",
        b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
        "test for viruses",
    ),
    Pattern(
        "EICAR_UNWANTED",
        b"X5]+)D:)D<5N*PZ5[/" + b"EICAR-POTENTIALLY-UNWANTED-OBJECT-TEST!$*M*L",
        "test for unwanted programs",
    ),
)

_HINTS = ((b"-STANDARD-ANTI-", PATTERNS[:4]), (b"EICAR-", PATTERNS[4:]))
"""Rare words within the patterns: two passes tell most messages free of all six."""

_ENCODED = (b"base64", b"quoted", b"\nbegin ")
"""Without one of these (in lower case) no part hides its octets."""

_LOWERED = 1 << 20
"""Octets above which a message is taken as encoded, instead of a lower-case copy."""


def search(content: Octets) -> frozenset[str]:
    """The symbols of the patterns that stand in a message, plain or in a part."""
    found = _search(content)
    if _may_hide(content):
        for part in mime.read_shared(content, _is_encoded).parts:
            found |= _search(part.payload)
    return found


def _search(octets: Octets) -> frozenset[str]:
    found = {
        pattern.symbol
        for hint, patterns in _HINTS
        if octets.find(hint) >= 0
        for pattern in patterns
        if octets.find(pattern.text) >= 0
    }
    return frozenset(found)


def _may_hide(content: Octets) -> bool:
    if len(content) > _LOWERED:
        return True
    lowered = content[:].lower()
    return any(hint in lowered for hint in _ENCODED)


def _is_encoded(media: Media) -> bool:
    return not transfer.identity(media.encoding) or media.type == "text/plain"


@frozen(kw_only=True)
class PatternsSettings(ScannerSettings):
    """The test strings GTUBE and EICAR with their relatives; needs no server."""

    enabled: Enabled = Enabled.TRUE


@frozen
class PatternsScanner:
    """Built in; always up."""

    _offload: Offload

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        content = message.content
        names = await self._offload(len(content), search, content)
        hits = tuple(p for p in PATTERNS if p.symbol in names)
        if not hits:
            return CLEAN
        return Findings(
            tuple(Symbol(p.symbol, description=p.description) for p in hits),
            flagged=tuple(p.symbol for p in hits),
        )

    async def probe(self) -> None:
        pass


def build(_settings: PatternsSettings, ground: Ground) -> PatternsScanner:
    return PatternsScanner(ground.offload)


CLEAN = Findings(passed=("OK",))
