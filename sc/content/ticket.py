"""What a desk's software says about how it keeps our report: a number, a form. Pure."""

import re

from sc.content.dsn import one_line

MAX_WORDS = 500
"""Characters of a text in which the number stands, if it is not in the subject."""

# The brackets of OTRS and Znuny, RT, Freshdesk and Jira; then words and a number.
_TICKETS = (
    re.compile(r"\[((?:Ticket|Case|Request)\s?[#:]{1,2}\s?[\w.-]{1,40})\]", re.I),
    re.compile(r"\[([\w. -]{1,60} #\d{1,12})\]"),
    re.compile(r"\[#?([A-Z]{1,10}-\d{1,12})\]"),
    re.compile(r"\[(#[\w-]{1,40})\]"),
    re.compile(r"\(([A-Z]{2,10}-\d{1,12}|#\d{1,12})\)"),
    re.compile(
        r"\b((?:ticket|case|request|incident|reference)(?: ?(?:id|no\.?|number))?"
        r"[ :#]{1,3}[A-Z]{0,5}-?\d[\w-]{1,30})",
        re.I,
    ),
)
_FORM = re.compile(r"(?:web|online|abuse|contact|report(?:ing)?)[ -]?form\b", re.I)
_URL = re.compile(r"https?://[^\s<>\"'()]{4,300}")


def ticket(subject: str, words: str) -> str:
    """The number in the subject, else one in the first lines; "" if there is none."""
    for where in (subject, words[:MAX_WORDS]):
        matches = (pattern.search(where) for pattern in _TICKETS)
        found = next((match[1] for match in matches if match), "")
        if found:
            return one_line(found, 80)
    return ""


def form(words: str) -> str:
    """ "Please use our web form: https://..."; the address may stand before it, too."""
    match = _FORM.search(words)
    if match is None:
        return ""
    behind = _URL.search(words, match.end(), match.end() + 300)
    before = _URL.search(words, max(0, match.start() - 200), match.start())
    url = behind or before
    return one_line(url[0].rstrip(".,;"), 300) if url else ""
