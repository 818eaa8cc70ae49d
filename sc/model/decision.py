"""What follows from a verdict: one action, one reason, and the fields to add."""

from enum import Enum

from attrs import frozen


class Action(Enum):
    """rspamd's words, most severe first; Exim, Haraka and rspamc know them."""

    REJECT = "reject"
    SOFT_REJECT = "soft reject"
    QUARANTINE = "quarantine"
    REWRITE_SUBJECT = "rewrite subject"
    ADD_HEADER = "add header"
    GREYLIST = "greylist"
    NO_ACTION = "no action"

    @property
    def severity(self) -> int:
        """Higher is more severe; `no action` is 0."""
        return _SEVERITY[self]


_SEVERITY = {action: rank for rank, action in enumerate(reversed(Action))}


class Mode(Enum):
    """Does a door act on decisions, or does it only show in the log what they were?"""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class Reason(Enum):
    """
    Why; the same word in log, metric, header field, JSON and reply.

    `POLICY`: the author's domain asks for it (DMARC). `LISTED`: the operator's own
    lists say so. `LIMITED`: a user sends too much; `BLOCKED`: he may not send now.
    """

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    SPAM = "spam"
    PHISHING = "phishing"
    VIRUS = "virus"
    TEST = "test-pattern"
    POLICY = "policy"
    LISTED = "listed"
    GREYLISTED = "greylisted"
    LIMITED = "limited"
    BLOCKED = "blocked"
    UNSCANNED = "unscanned"
    LOOP = "loop"


@frozen
class Field:
    """A header field that we add; the value has neither CR nor LF."""

    name: str
    value: str


@frozen
class ScoredSymbol:
    """A symbol with the score that policy counted for it."""

    name: str
    score: float
    options: tuple[str, ...] = ()
    description: str = ""


@frozen
class Decision:
    """
    One recipient's answer.

    @ivar sentence: for people; names no scanner, ends with the message id.
    @ivar score: what the shown number is, raised to the threshold by an override.
    @ivar add_header_at: the threshold of `add header` (SPAMC's number).
    @ivar reject_at: the threshold of `reject` (RSPAMC's and /checkv2's number).
    @ivar authserv_id: our name in Authentication-Results: what comes with it is
        forged, and goes.
    @ivar subject: the new Subject, for `rewrite subject`; `%s` is the old one.
    @ivar would: what the action would be, if the door did not only observe.
    @ivar redirect_to: where a door that relays sends a rejected message of our own
        user, in place of refusing it.
    """

    action: Action
    reason: Reason
    sentence: str
    score: float
    add_header_at: float
    reject_at: float
    symbols: tuple[ScoredSymbol, ...] = ()
    fields: tuple[Field, ...] = ()
    authserv_id: str = "localhost"
    subject: str | None = None
    would: Action | None = None
    redirect_to: str | None = None

    @property
    def is_spam(self) -> bool:
        """`add header` and everything more severe but `soft reject`."""
        return (
            self.action.severity >= Action.ADD_HEADER.severity
            and self.action is not Action.SOFT_REJECT
        )


@frozen
class RecipientDecision:
    recipient: str | None
    decision: Decision
