"""SMTP and LMTP command lines: octets in, words out (RFC 5321 4.1, RFC 2033)."""

import re
from collections.abc import Mapping

from attrs import frozen

from sc.wire.smtp import Reply
from sc.wire.smtp_mail import MAX_PATH

# RFC 5321 4.1.2, wider where the MTA in front of us has already judged and a refusal
# would bounce real mail: dots anywhere in a local part (docomo.ne.jp has them), `_`
# in a domain, no domain at all (local users over LMTP, <postmaster>).
_DOMAIN = r"(?:[A-Za-z0-9_.-]+|\[[!-Z^-~]+\])"
_LOCAL = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+|\"(?:[ !#-\[\]-~]|\\[ -~])*\")"
# A-d-l: a source route is accepted and ignored (RFC 5321 appendix C).
_ROUTE = rf"(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
_PATH = re.compile(rf"<{_ROUTE}({_LOCAL}(?:@{_DOMAIN})?)>")

# esmtp-param = esmtp-keyword ["=" esmtp-value]; the value ends at a blank.
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-~]+))?")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class CommandError(Exception):
    """A command that is answered with an error and changes nothing."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, (text,))


@frozen
class Command:
    """
    @ivar verb: upper case.
    @ivar argument: the rest of the line without blanks at its ends; octets above
        127 stand as Latin-1.
    """

    verb: str
    argument: str


def parse_command(line: bytes) -> Command:
    """
    Split a line, given without its CRLF.

    @raise CommandError: a control character, a bare CR or LF among them.
    """
    # RFC 5321 4.1.1: white space at the end is tolerated.
    text = line.decode("latin-1").rstrip(" \t")
    if _CONTROL.search(text):
        raise CommandError(500, "5.5.2 control character in a command")
    verb, _, argument = text.partition(" ")
    return Command(verb.upper(), argument.strip(" "))


def parse_mail(argument: str, max_message: int) -> str:
    """
    Read `FROM:<address> parameters`; the address as written, "" is `<>`.

    @raise CommandError: malformed, not offered, or larger than `max_message`.
    """
    sender, parameters = _parse_path("FROM:", argument)
    for keyword, value in parameters.items():
        if keyword == "SIZE":
            _check_size(value, max_message)
        elif keyword == "SMTPUTF8":
            raise CommandError(555, "5.6.7 SMTPUTF8 is not offered")
        # RFC 6152: we look at the octets themselves, whatever the client declares.
        elif keyword != "BODY" or value.upper() not in ("7BIT", "8BITMIME"):
            raise CommandError(555, "5.5.4 parameter not supported")
    return sender


def parse_rcpt(argument: str) -> str:
    """
    Read `TO:<address>`; the address as written, without a source route.

    @raise CommandError: malformed, or with a parameter: none is offered.
    """
    recipient, parameters = _parse_path("TO:", argument)
    if parameters:
        raise CommandError(555, "5.5.4 parameter not supported")
    return recipient


def _check_size(value: str, max_message: int) -> None:
    # RFC 1870 3: size-value = 1*20DIGIT
    if not (value.isdigit() and len(value) <= 20):
        raise CommandError(501, "5.5.4 bad SIZE")
    if int(value) > max_message:
        raise CommandError(552, "5.3.4 message too large")


def _parse_path(keyword: str, argument: str) -> tuple[str, Mapping[str, str]]:
    """The address and its parameters: upper-case keyword to value, or to ""."""
    if argument[: len(keyword)].upper() != keyword:
        raise CommandError(501, f"5.5.4 {keyword}<address> expected")
    # Many clients write a blank after the colon, which RFC 5321 3.3 forbids.
    rest = argument[len(keyword) :].lstrip(" ")
    if not rest.isascii():
        # RFC 6531 3.5: what a server without SMTPUTF8 answers.
        raise CommandError(553, "5.6.7 address is not ASCII, SMTPUTF8 is not offered")
    if keyword == "FROM:" and rest.startswith("<>"):
        return "", _parameters(rest[2:])
    match = _PATH.match(rest)
    if match is None or len(match[1]) > MAX_PATH:
        code = "5.1.7" if keyword == "FROM:" else "5.1.3"
        raise CommandError(501, f"{code} bad address syntax")
    return match[1], _parameters(rest[match.end() :])


def _parameters(text: str) -> dict[str, str]:
    if text and not text.startswith(" "):
        raise CommandError(501, "5.5.4 blank expected after the address")
    found: dict[str, str] = {}
    for word in text.split():
        match = _PARAMETER.fullmatch(word)
        if match is None or match[1].upper() in found:
            raise CommandError(501, "5.5.4 bad or repeated parameter")
        found[match[1].upper()] = match[2] or ""
    return found
