"""What a sender asks of bounces: the parameters of RFC 3461."""

import re
from enum import Enum

from attrs import Attribute, field, frozen

MAX_ENVID = 100
"""Characters. RFC 3461 4.4, before encoding."""

MAX_ORCPT = 500
"""Characters with the type. RFC 3461 5.2.1."""

_UNSAFE = re.compile(r"[^!-~]|[+=]")
_ORCPT = re.compile(r"[A-Za-z0-9-]{1,40};[!-*,-<>-~+]+", re.ASCII)

# RFC 6533 3: QCHAR, and everything else as a code point.
_UNSAFE_UTF8 = re.compile(r"[^!-*,-<>-\[\]-~]")


class Return(Enum):
    """How much of the message a bounce brings back."""

    FULL = "FULL"
    HEADERS = "HDRS"


class Notify(Enum):
    """When the sender wants to hear of a recipient."""

    NEVER = "NEVER"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


def xtext(text: str) -> str:
    """RFC 3461 4, of ASCII."""
    return _UNSAFE.sub(lambda match: f"+{ord(match[0]):02X}", text)


def original_recipient(address: str) -> str:
    """
    The value of ORCPT for an address, of RFC 6533's type if it is not ASCII; "" for
    one that is too long to stand there.
    """
    if address.isascii():
        orcpt = f"rfc822;{xtext(address)}"
    else:
        coded = _UNSAFE_UTF8.sub(lambda m: f"\\x{{{ord(m[0]):02X}}}", address)
        orcpt = f"utf-8;{coded}"
    return orcpt if len(orcpt) <= MAX_ORCPT else ""


def _envid(_: object, __: "Attribute[str]", envid: str) -> None:
    if len(envid) > MAX_ENVID or not (envid.isascii() and envid.isprintable()):
        raise ValueError(f"an envelope id is up to {MAX_ENVID} printable ASCII")


def _orcpt(_: object, __: "Attribute[str]", orcpt: str) -> None:
    if orcpt and (len(orcpt) > MAX_ORCPT or not _ORCPT.fullmatch(orcpt)):
        raise ValueError("not an original recipient (RFC 3461 4.2)")


def _notify(
    _: object, __: "Attribute[tuple[Notify, ...]]", notify: tuple[Notify, ...]
) -> None:
    if Notify.NEVER in notify and len(notify) > 1:  # RFC 3461 4.1
        raise ValueError("NEVER stands alone")


@frozen
class RecipientDsn:
    """
    @ivar notify: nothing: as the server thinks fit.
    @ivar orcpt: type and encoded address, as `original_recipient` makes it.
    """

    notify: tuple[Notify, ...] = field(default=(), validator=_notify)
    orcpt: str = field(default="", validator=_orcpt)

    def parameters(self) -> str:
        notify = ",".join(word.value for word in self.notify)
        return (f" NOTIFY={notify}" if notify else "") + (
            f" ORCPT={self.orcpt}" if self.orcpt else ""
        )


@frozen
class Dsn:
    """
    @ivar envid: comes back in each bounce.
    @ivar recipients: as many as the mail has, or none.
    """

    envid: str = field(default="", validator=_envid)
    ret: Return | None = None
    recipients: tuple[RecipientDsn, ...] = ()

    def parameters(self) -> str:
        return (f" RET={self.ret.value}" if self.ret else "") + (
            f" ENVID={xtext(self.envid)}" if self.envid else ""
        )
