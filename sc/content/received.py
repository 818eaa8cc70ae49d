"""Received fields, in every shape that mail software writes (RFC 5321 4.4).

What a hop says of its client comes from two sources: what the receiving host saw
(the address, its reverse name) and what the client said of itself (HELO, ident).
Only the first counts. A client that greets with another host's address must not
make us write to that host.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import NamedTuple

from attrs import frozen

from sc.content.addresses import parse
from sc.content.fields import decoded
from sc.model.envelope import IPAddress

MAX_VALUE = 4096
"""Octets of one field that are read; the longest real one (Exchange) has 700."""

_TOKEN = re.compile(r'[()]|"(?>(?:[^"\\]|\\.)*)"?|;|[^\s()";]++')
_PARENTHESIS = re.compile(r"[()]")
# The same for comments in comments in comments, which is as deep as software writes
# them: all words at once. A bracket that is left over must be read one by one.
_TOKENS = re.compile(
    r"(?<![^ )])\((?>(?:[^()]++|\((?>(?:[^()]++|\([^()]*+\))*)\))*)\)"
    r'|"(?>(?:[^"\\]|\\.)*)"?|;.*|[^\s()";]++|\('
)
_KEYWORDS = frozenset({"from", "by", "via", "with", "id", "for"})

# RFC 3848, RFC 6531, and older words of Exim and webmail.
_AUTHENTICATED_WITH = re.compile(
    r"(?:(?:utf8)?(?:esmtp|smtp|lmtp)s?a|asmtp|https?|mapi|httpmail)\Z", re.IGNORECASE
)
# At the beginning of a comment, and never before a bracket: a reverse name, which
# the client chose, may be `authenticated`, too.
_AUTHENTICATED = re.compile(
    r"authenticated(?:\Z|[:=]| (?:bits|sender|user|by)\b)|account \S+@"
    r"|smtp-auth(?![\w.-]| ?\[)",
    re.IGNORECASE,
)
_FETCHED_WITH = re.compile(r"(?:[ak]?pop|imap)", re.IGNORECASE)

# qmail-scanner writes a field of its own, with the sender's address behind `from`.
_LOCAL_WITH = re.compile(r"local|(?:utf8)?lmtp|mapi\Z|qmail-scanner", re.IGNORECASE)

# As Postfix and Sendmail write it, of a client with a name and without login: most
# fields at once. The name must be none, for what a HELO says is not what was seen.
_USUAL = re.compile(
    r"from ([A-Za-z0-9._-]++) \((?!(?i:helo|ehlo|lhlo)\b)([A-Za-z0-9._-]++)"
    r" \[([A-Za-z0-9:.]{2,60}+)\](?: \(may be forged\))?\)"
    r"(?: \(using TLS(?>(?:[^():]++|\([^():]*+\))*)\))?"
    r"(?: \(No client certificate requested\))?"
    r" by ([A-Za-z0-9._-]++)(?: \(([^()]*+)\))? with ([A-Za-z0-9]++)"
    r"(?: id [^\s()\";]++)?(?: for ([^\s()\";]++))?(?:;|\Z)"
)
_HELO_COMMENT = re.compile(r"(?:helo|ehlo|lhlo)\b[\s=]*(\S*)", re.IGNORECASE)
# What the client chose, in Exim's comment.
_SAID = re.compile(r"\b(helo|ident|envelope-from|port)=(\S*)", re.IGNORECASE)
_HELO_SAID = re.compile(r"\bhelo=(\S*)", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([^\[\]\s]{2,60})\](?::(\d{1,5}))?")
_BARE = re.compile(r"(?:\S*@)?([0-9a-fA-F:.]{2,45}|IPv6:\S{2,45})\Z", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"(?:\S*@)?([A-Za-z0-9._-]+)\s*\[")
# RFC 5322 3.3 as nearly everybody writes it; the rest is left to the library.
_DATE = re.compile(
    r"(?:[A-Za-z]{3},? )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" (\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)(?![0-9])"
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_GO_DATE = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? \+0000 UTC\b")


@frozen
class Hop:
    """
    One Received field.

    @ivar ip: the address that the receiving host saw; None if it says none.
    @ivar helo: what the client called itself.
    @ivar rdns: the name of the address, as the receiving host found it.
    @ivar by: the receiving host, in lower case, without trailing dot.
    @ivar by_ip: its own address, if it says it.
    @ivar authenticated: the client was a user of the receiving host.
    @ivar fetched: by POP or IMAP: no handover from host to host.
    @ivar header: the whole field, unfolded.
    @ivar recipient: for whom the receiving host took it, if it says it.
    @ivar local: no stranger took part: within one host, or by LMTP, which a site
        speaks only to itself.
    """

    ip: IPAddress | None
    helo: str | None
    rdns: str | None
    by: str
    by_ip: IPAddress | None
    protocol: str | None
    port: int | None
    authenticated: bool
    fetched: bool
    header: str
    local: bool = False
    recipient: str | None = None

    @property
    def date(self) -> datetime | None:
        """UTC; None if there is none that can be read. Few hops are asked for it."""
        return _date(self.header)


class _Clause(NamedTuple):
    """
    What stands behind one keyword.

    @ivar literal: the last word in brackets: `from HELO [ip]` (MDaemon).
    """

    value: str = ""
    comments: tuple[str, ...] = ()
    literal: str = ""


_NOTHING = _Clause()


def read_received(value: bytes) -> Hop | None:
    """None for what names no host that received (qmail's `invoked by uid`)."""
    header = " ".join(decoded(value[:MAX_VALUE]).split())
    return _usual(header) or _any_shape(header)


def _usual(header: str) -> Hop | None:
    """As `_any_shape`; None for what is left to it."""
    match = _USUAL.match(header)
    if match is None or _may_authenticate(header):
        return None
    helo, name, address, by, comment, protocol, recipient = match.groups("")
    ip = parse(address)
    if ip is None:
        return None
    return Hop(
        ip=ip,
        helo=helo,
        rdns=_name(name),
        by=by.rstrip(".").lower(),
        by_ip=parse(by) or parse(comment.strip()),
        protocol=protocol,
        port=None,
        authenticated=bool(_AUTHENTICATED_WITH.match(protocol)),
        fetched=bool(_FETCHED_WITH.match(protocol)),
        header=f"Received: {header}",
        local=bool(_LOCAL_WITH.match(protocol)),
        recipient=recipient.strip("<>") or None,
    )


def _any_shape(header: str) -> Hop | None:
    clauses = _clauses(header)
    by = clauses.get("by", _NOTHING)
    source = clauses.get("from", _NOTHING)
    if not by.value and not source.value:
        return None
    protocol = clauses.get("with", _NOTHING).value or clauses.get("via", _NOTHING).value
    seen = _seen(source, protocol)
    return Hop(
        ip=seen.ip,
        helo=_helo(source),
        rdns=_rdns(source, seen, exim="(Exim " in header or "helo=" in header),
        by=by.value.strip("[]").rstrip(".").lower(),
        by_ip=_first_address(by.value, *by.comments),
        protocol=protocol or None,
        port=seen.port,
        authenticated=bool(_AUTHENTICATED_WITH.match(protocol))
        or _authenticated(header, clauses),
        fetched=bool(_FETCHED_WITH.match(protocol)),
        header=f"Received: {header}",
        local=not (source.value or source.comments)
        or bool(_LOCAL_WITH.match(protocol))
        or any("UNIX: " in c for c in source.comments),
        recipient=clauses.get("for", _NOTHING).value.strip("<>") or None,
    )


def _authenticated(header: str, clauses: Mapping[str, _Clause]) -> bool:
    """In a comment; most fields hold none of the words, which is soon seen."""
    return _may_authenticate(header) and any(
        map(_AUTHENTICATED.match, (c for x in clauses.values() for c in x.comments))
    )


def _may_authenticate(header: str) -> bool:
    lowered = header.lower()
    return "auth" in lowered or "account" in lowered


def _first_address(*texts: str) -> IPAddress | None:
    return next((ip for ip in map(parse, texts) if ip), None)


def _clauses(header: str) -> dict[str, _Clause]:
    """
    Cut at the keywords; of several with one name the first counts.

    The word behind a keyword is its value even if it is a keyword itself: a client
    may well greet with `by`.
    """
    found: dict[str, _Clause] = {}
    keyword, value, literal = "", "", ""
    comments: list[str] = []
    for piece in _pieces(header):
        if piece[0] == "(":
            comments.append(piece[1:-1].strip())
            continue
        is_value = keyword and not value and not comments
        if not is_value and piece.lower() in _KEYWORDS:
            found.setdefault(keyword, _Clause(value, tuple(comments), literal))
            keyword, value, literal, comments = piece.lower(), "", "", []
            continue
        value = value or piece
        literal = piece if piece[0] == "[" else literal
    found.setdefault(keyword, _Clause(value, tuple(comments), literal))
    return found


def _pieces(header: str) -> list[str]:
    """Words and whole outermost comments, up to the date's semicolon."""
    pieces = _TOKENS.findall(header)
    if "(" in pieces:
        return list(_tokens(header))
    if pieces and pieces[-1][0] == ";":
        pieces.pop()
    return pieces


def _tokens(header: str) -> Iterator[str]:
    """
    One by one, whatever is nested, not closed, or in the wrong place.

    What is in parentheses without a blank before them belongs to the word: not
    every host checks what its client calls itself (`x([192.0.2.1])`).
    """
    position = 0
    while match := _TOKEN.search(header, position):
        piece, position = match[0], match.end()
        if piece == ";":
            return
        if piece == "(":
            start, position = match.start(), _comment_end(header, position)
            if position and header[start - 1 : start] in ("", " ", ")"):
                yield header[start:position]
            if not position:
                return
        elif piece != ")":
            yield piece


def _comment_end(header: str, start: int) -> int:
    """Behind the `)` that closes what was opened before `start`; 0 if none does."""
    depth = 1
    for match in _PARENTHESIS.finditer(header, start):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return match.end()
    return 0


@frozen
class _Seen:
    """
    What the receiving host saw.

    @ivar comment: where it says so; "" if in the clause's value.
    """

    ip: IPAddress | None = None
    port: int | None = None
    comment: str = ""


def _seen(source: _Clause, protocol: str) -> _Seen:
    """
    The first comment that holds an address and is no HELO; in it the last address.

    The first word is what the client said, in most shapes: it counts only in
    brackets and where no comment holds an address (Exim without reverse name), or
    for a browser (HTTP), which greets with nothing.
    """
    seen_in = [c for c in source.comments if not _HELO_COMMENT.match(c)]
    for comment in seen_in:
        if seen := _address(comment):
            return seen
    # `from [HELO] (unknown [unknown])`: what the host saw was no address.
    unseen = source.literal and any(
        "[" in _SAID.sub("", comment) for comment in seen_in
    )
    if source.literal and not (unseen and source.literal == source.value):
        return _address(source.literal) or _Seen()
    if protocol.upper().startswith("HTTP"):
        return _Seen(parse(source.value))
    return _Seen()


def _address(comment: str) -> _Seen | None:
    said = _SAID.sub("", comment) if "=" in comment else comment
    brackets = _BRACKETED.finditer(said) if "[" in said else ()
    for match in reversed(list(brackets)):
        if ip := parse(match[1]):
            return _Seen(ip, _port(match[2]), comment)
    first = said.split(" ", 1)[0] if said else ""
    bare = _BARE.match(first)
    ip = parse(bare[1]) if bare else None
    return _Seen(ip, None, comment) if ip else None


def _port(digits: str | None) -> int | None:
    return int(digits) if digits and 0 < int(digits) < 65536 else None


def _helo(source: _Clause) -> str | None:
    for comment in source.comments:
        match = _HELO_COMMENT.match(comment)
        if match is None and "=" in comment:
            match = _HELO_SAID.search(comment)
        if match:
            return match[1] or None
    return source.value or None


def _rdns(source: _Clause, seen: _Seen, *, exim: bool) -> str | None:
    match = _NAME_BEFORE.match(seen.comment)
    name = match[1] if match else None
    said = any(map(_HELO_COMMENT.match, source.comments))
    if name is None and (said or (exim and not source.value.startswith("["))):
        # Exim and qmail put the name first, and what the client said in a comment.
        name = source.value
    return _name(name) if name else None


def _name(word: str) -> str | None:
    """Hosts write a word, or the address again, for one without a name."""
    if word.lower() == "unknown" or parse(word):
        return None
    return word.rstrip(".").lower() or None


def _date(header: str) -> datetime | None:
    """UTC; None if there is none that can be read."""
    stamp = header.rpartition(";")[2].strip()[:100]
    try:
        if match := _DATE.match(stamp):
            return _moment(match)
        parsed = parsedate_tz(stamp) if ";" in header else None
        if parsed:
            offset = parsed[9] or 0
            moment = datetime(*parsed[:6], tzinfo=UTC).timestamp() - offset
            return datetime.fromtimestamp(moment, UTC)
        if match := _GO_DATE.search(header):  # SendGrid
            return datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00")
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _moment(match: re.Match[str]) -> datetime:
    """@raise ValueError, OverflowError: there is no such moment."""
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    local = datetime(
        int(year),
        _MONTHS.index(month) // 3 + 1,
        int(day),
        int(hour),
        int(minute),
        min(int(second), 59),  # A leap second.
        tzinfo=UTC,
    )
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return local - offset if sign == "+" else local + offset
