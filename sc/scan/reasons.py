"""Why a message is treated so: the word, and the sentence that people read."""

from sc.model.decision import Action, Reason
from sc.model.verdict import names_virus

SENTENCES = {
    Reason.CLEAN: "Nothing was found in this message",
    Reason.SUSPICIOUS: "This message looks suspicious",
    Reason.SPAM: "This message looks like spam",
    Reason.PHISHING: "This message tries to steal passwords or money",
    Reason.VIRUS: "This message contains a virus",
    Reason.TEST: "This message contains a test pattern",
    Reason.POLICY: "The domain in From does not allow this message",
    Reason.LISTED: "This site has a rule of its own for such mail",
    Reason.GREYLISTED: "This message comes from somebody new",
    Reason.LIMITED: "Too much mail was sent from this account",
    Reason.BLOCKED: "This account may not send mail now",
    Reason.UNSCANNED: "This message could not be checked",
    Reason.LOOP: "This message goes round in a loop",
}
"""None of them names a scanner: strangers need not know which ones we have."""

ALLOWED = "SC_ALLOWED"
DENIED = "SC_DENIED"
GREYLISTED = "SC_GREYLISTED"
LIMITED = "SC_LIMITED"
BLOCKED = "SC_BLOCKED"
"""What flow knows by itself: lists, greylist and limits state these symbols."""

HELD_BACK = frozenset({LIMITED, BLOCKED})
"""Also where a list allows: a stolen password has its owner's name."""

_BY_NAME = {
    ALLOWED: Reason.LISTED,
    DENIED: Reason.LISTED,
    GREYLISTED: Reason.GREYLISTED,
    LIMITED: Reason.LIMITED,
    BLOCKED: Reason.BLOCKED,
}


def reason_of(symbol: str, action: Action) -> Reason:
    """Why a symbol asks for an action."""
    if symbol in _BY_NAME:
        return _BY_NAME[symbol]
    if names_virus(symbol):
        return Reason.VIRUS
    if symbol.startswith(("GTUBE", "GTPHISH", "EICAR")):
        return Reason.TEST
    if symbol.endswith("_PHISHING"):
        return Reason.PHISHING
    if symbol.startswith("DMARC_"):
        return Reason.POLICY
    return by_score(action)


def by_score(action: Action) -> Reason:
    """Why the sum of all scores asks for an action."""
    return Reason.SUSPICIOUS if action is Action.GREYLIST else Reason.SPAM
