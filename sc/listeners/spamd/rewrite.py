"""The header section that PROCESS and HEADERS return: spamd's fields and ours."""

from collections.abc import Sequence

from attrs import frozen

from sc import __version__
from sc.content.edit import edit_header
from sc.content.fields import RawField
from sc.model.decision import Action, Decision, Field
from sc.model.octets import Octets
from sc.scan.headers import is_ours, new_subject, rewritten
from sc.wire.spamd_reply import Result, numbers, symbol_list

STARS = 50
"""As in spamd, the most that X-Spam-Level shows."""

TESTS = 900
"""Octets of the list of tests: one word, so that Haraka can read it, in a line of 998
at most (RFC 5322 2.1.1). SYMBOLS has the whole list."""


@frozen
class Rewritten:
    """
    @ivar header: the new header section, with the empty line that ends it.
    @ivar body: where the body starts in the old message.
    """

    header: bytes
    body: int


def rewrite(content: Octets, decision: Decision, result: Result) -> Rewritten:
    """Forged fields of our names go first; the line ends are the message's own."""
    if decision.would is not None:
        return Rewritten(*rewritten(content, decision))
    fields = [*spamd_fields(decision, result), *decision.fields]
    new = decision.action is Action.REWRITE_SUBJECT
    if new:
        fields.append(Field("Subject", new_subject(content, decision)))

    def remove(field: RawField) -> bool:
        name = field.name.lower()
        replaced = name.startswith("x-spam-") or (new and name == "subject")
        return replaced or is_ours(field, decision.authserv_id)

    return Rewritten(*edit_header(content, remove, fields))


def spamd_fields(decision: Decision, result: Result) -> Sequence[Field]:
    """What SpamAssassin's users and Haraka look for."""
    score, required = numbers(result)
    word = "Yes" if result.spam else "No"
    flag = [Field("X-Spam-Flag", "YES")] if result.spam else []
    # Haraka reads the tests up to `autolearn`.
    status = (
        f"{word}, score={score} required={required} tests={_tests(decision)}"
        f" autolearn=no autolearn_force=no version={__version__}"
    )
    level = "*" * max(0, min(STARS, int(float(score))))
    return [
        *flag,
        Field("X-Spam-Checker-Version", f"sc {__version__}"),
        Field("X-Spam-Level", level),
        Field("X-Spam-Status", status),
    ]


def _tests(decision: Decision) -> str:
    names = symbol_list([s.name for s in decision.symbols])
    if len(names) > TESTS:
        names = names[:TESTS].rpartition(",")[0]
    return names or "none"
