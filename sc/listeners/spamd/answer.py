"""A decision in the client's own words."""

from attrs import field, frozen

from sc.content.fields import read_fields, text, uneditable
from sc.flow import Outcome
from sc.listeners.spamd.report import report
from sc.listeners.spamd.rewrite import rewrite
from sc.model.decision import Action
from sc.model.octets import Octets
from sc.scan.headers import new_subject
from sc.wire.spamd import Code, Command, Dialect, ProtocolError, Request
from sc.wire.spamd_reply import Metric, Result, head, rspamc, symbol_list

QUARANTINE_SYMBOL = "SC_QUARANTINE"
"""RSPAMC knows no quarantine; with this symbol an ACL can tell it from `add header`."""


class TryAgainError(Exception):
    """SPAMC has no word for a temporary failure but a connection that is reset."""


@frozen
class Reply:
    """
    @ivar octets: the reply's first, or all of it.
    @ivar rest: a message of which everything from `start` on follows.
    """

    octets: bytes
    rest: Octets = field(default=b"", repr=lambda v: f"<{len(v)} octets>")
    start: int = 0


def answer(request: Request, outcome: Outcome) -> Reply:
    """
    @raise TryAgainError: the decision is `soft reject`, and the client speaks SPAMC.
    @raise ProtocolError: the message cannot be given back with our fields.
    """
    if request.dialect is Dialect.RSPAMC:
        return _rspamc(outcome)
    return _spamc(request, outcome)


def _spamc(request: Request, outcome: Outcome) -> Reply:
    decision = outcome.decision
    if decision.action is Action.SOFT_REJECT:
        raise TryAgainError(decision.sentence)
    result = Result(decision.is_spam, decision.score, decision.add_header_at)
    if request.command in (Command.PROCESS, Command.HEADERS):
        return _rewritten(request, outcome, result)
    body = _body(request, outcome, result)
    return Reply(head(request, result, len(body)) + body)


def _rewritten(request: Request, outcome: Outcome, result: Result) -> Reply:
    content = outcome.message.content
    if uneditable(content):
        raise ProtocolError("(the header section)", Code.TOO_LARGE)
    new = rewrite(content, outcome.decision, result)
    if request.command is Command.HEADERS:
        return Reply(head(request, result, len(new.header)) + new.header)
    length = len(new.header) + len(content) - new.body
    return Reply(head(request, result, length) + new.header, content, new.body)


def _body(request: Request, outcome: Outcome, result: Result) -> bytes:
    command = request.command
    if command is Command.SYMBOLS:
        names = symbol_list([s.name for s in outcome.decision.symbols])
        # Below 1.3 there is no length that would end the list.
        end = "" if request.version >= (1, 3) else "\r\n"
        return f"{names}{end}".encode("ascii")
    wanted = command is Command.REPORT or (
        command is Command.REPORT_IFSPAM and result.spam
    )
    return report(outcome.decision, result, outcome.message.id) if wanted else b""


def _rspamc(outcome: Outcome) -> Reply:
    """
    Exim's `spam` condition compares the numbers, and its ACLs often do: they say
    "over the threshold" for `reject`, and for nothing else.
    """
    decision, content = outcome.decision, outcome.message.content
    symbols = [(s.name, s.score) for s in decision.symbols]
    action = decision.action
    if action is Action.QUARANTINE:
        action = Action.ADD_HEADER
        symbols.insert(0, (QUARANTINE_SYMBOL, 0.0))
    refused = action in (Action.REJECT, Action.SOFT_REJECT)
    metric = Metric(
        action.value,
        symbols,
        new_subject(content, decision) if action is Action.REWRITE_SUBJECT else None,
        decision.sentence if refused else "",
        _message_id(content),
    )
    reject = decision.action is Action.REJECT
    return Reply(rspamc(Result(reject, decision.score, decision.reject_at), metric))


def _message_id(content: Octets) -> str:
    for found in read_fields(content):
        if found.name.lower() == "message-id":
            return text(found.value).removeprefix("<").removesuffix(">")
    return ""
