"""The header fields that tell a decision, alike behind every door.

Forged ones go first: a stranger must not be able to say that he was scanned.
"""

import re
from collections.abc import Iterator

from sc.content.edit import edit_header
from sc.content.fields import RawField, read_fields, text
from sc.model.decision import Action, Decision, Field, Reason, ScoredSymbol
from sc.model.octets import Octets
from sc.scan.authentication import is_forged

NAMES = (
    "X-Spam",
    "X-Spam-Action",
    "X-Spam-Score",
    "X-Spam-Symbols",
    "X-Spam-Scanner",
    "X-SC-Id",
)
_OURS = frozenset(name.lower() for name in NAMES)

MAX_SYMBOLS = 50
MAX_SYMBOLS_VALUE = 1500
"""Characters of X-Spam-Symbols; SpamAssassin alone may name a hundred rules."""

MAX_OPTION = 60
MAX_SUBJECT = 2000
"""Characters of an old Subject that are kept; a 1 MB one is an attack."""

# An option may be a stranger's text: a virus's name, later a host or an address.
_UNSAFE_OPTION = re.compile(r"[^A-Za-z0-9._:/@+-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_ours(field: RawField, authserv_id: str) -> bool:
    """Whether an incoming field is taken away, as it says that we wrote it."""
    return field.name.lower() in _OURS or is_forged(field, authserv_id)


def _is_removed(field: RawField, decision: Decision) -> bool:
    """A door that only observes leaves what the scanner beside it wrote."""
    if decision.would is not None:
        return field.name.lower() == "x-sc-id"
    return is_ours(field, decision.authserv_id)


def fields(decision: Decision, message_id: str, software: str) -> tuple[Field, ...]:
    """@param software: our name and version."""
    return (
        Field("X-Spam", _verdict(decision)),
        Field("X-Spam-Action", decision.action.value),
        Field("X-Spam-Score", f"{decision.score:.2f} / {decision.reject_at:.2f}"),
        Field("X-Spam-Symbols", ", ".join(_symbols(decision.symbols)) or "none"),
        Field("X-Spam-Scanner", f"{software}; reason={decision.reason.value}"),
        Field("X-SC-Id", message_id),
    )


def _verdict(decision: Decision) -> str:
    if decision.is_spam:
        return "Yes"
    # "Could not scan" is never ham.
    return "Unknown" if decision.reason is Reason.UNSCANNED else "No"


def _symbols(symbols: tuple[ScoredSymbol, ...]) -> Iterator[str]:
    length = 0
    for symbol in symbols[:MAX_SYMBOLS]:
        word = f"{symbol.name}({symbol.score:.2f})"
        if symbol.options:
            option = symbol.options[0][:MAX_OPTION]
            word += f"[{_UNSAFE_OPTION.sub('_', option)}]"
        length += len(word) + 2
        if length > MAX_SYMBOLS_VALUE:
            yield "..."
            return
        yield word
    if len(symbols) > MAX_SYMBOLS:
        yield "..."


def new_subject(content: Octets, decision: Decision) -> str:
    """
    The Subject that the decision asks for; `%s` in it stands for the old one.

    Encoded words of the old Subject stay as they are (RFC 2047).
    """
    template = decision.subject or "%s"
    return template.replace("%s", _old_subject(content)).strip()


def _old_subject(content: Octets) -> str:
    for field in read_fields(content):
        if field.name.lower() == "subject":
            return _CONTROL.sub(" ", text(field.value[: MAX_SUBJECT * 4]))[:MAX_SUBJECT]
    return ""


def rewritten(content: Octets, decision: Decision) -> tuple[bytes, int]:
    """
    The new header section, and the offset where the untouched body begins.

    Our own fields are replaced, and the Subject where the decision asks for it.
    """
    added, rewrite = decision.fields, decision.action is Action.REWRITE_SUBJECT
    if rewrite and decision.subject is not None:
        added = (*added, Field("Subject", new_subject(content, decision)))

    def remove(field: RawField) -> bool:
        replaced = rewrite and field.name.lower() == "subject"
        return replaced or _is_removed(field, decision)

    return edit_header(content, remove, added)
