"""sc.scan.headers: the fields that tell a decision, and the forged ones gone."""

from attrs import evolve

from sc.model.decision import Action, Decision, Reason, ScoredSymbol
from sc.scan import headers

DECISION = Decision(
    Action.ADD_HEADER,
    Reason.SPAM,
    "spam; id m1",
    7.5,
    6.0,
    15.0,
    symbols=(ScoredSymbol("A", 7.5), ScoredSymbol("B", 0.0, ("x\r\ny: z",))),
)


def values(decision: Decision) -> dict[str, str]:
    return {f.name: f.value for f in headers.fields(decision, "m1", "sc 1")}


def test_fields() -> None:
    """Six fields say what was decided; an option cannot end a line."""
    assert values(DECISION) == {
        "X-Spam": "Yes",
        "X-Spam-Action": "add header",
        "X-Spam-Score": "7.50 / 15.00",
        "X-Spam-Symbols": "A(7.50), B(0.00)[x__y:_z]",
        "X-Spam-Scanner": "sc 1; reason=spam",
        "X-SC-Id": "m1",
    }


def test_clean_and_unknown() -> None:
    """A clean message says No, one that could not be scanned does not."""
    clean = evolve(DECISION, action=Action.NO_ACTION, reason=Reason.CLEAN, symbols=())
    assert values(clean)["X-Spam"] == "No"
    assert values(clean)["X-Spam-Symbols"] == "none"
    unscanned = evolve(clean, reason=Reason.UNSCANNED)
    assert values(unscanned)["X-Spam"] == "Unknown"


def test_many_symbols() -> None:
    """However many symbols there are, the field stays short and says it was cut."""
    short = tuple(ScoredSymbol(f"A{i}", 0.0) for i in range(51))
    value = values(evolve(DECISION, symbols=short))["X-Spam-Symbols"]
    assert value.endswith("A49(0.00), ...")
    long = tuple(ScoredSymbol("A" * 100 + str(i), 0.0) for i in range(30))
    value = values(evolve(DECISION, symbols=long))["X-Spam-Symbols"]
    assert len(value) <= headers.MAX_SYMBOLS_VALUE + 5
    assert value.endswith(", ...")


def test_forged_fields_are_replaced() -> None:
    """What a stranger wrote under our names is gone, other people's fields stay."""
    content = b"x-spam: No\r\nX-Spam-Flag: NO\r\nX-SC-ID: 1\r\n\r\nbody"
    decision = evolve(DECISION, fields=headers.fields(DECISION, "m1", "sc 1"))
    section, body = headers.rewritten(content, decision)
    assert section.startswith(b"X-Spam: Yes\r\nX-Spam-Action: add header\r\n")
    assert section.endswith(b"X-SC-Id: m1\r\nX-Spam-Flag: NO\r\n\r\n")
    assert b"x-spam: No" not in section
    assert content[body:] == b"body"


def test_subject_is_rewritten() -> None:
    """The old Subject stands in the new one as it was; a second one is gone."""
    content = b"Subject: =?utf-8?q?a?=\r\n b\x1b\r\nSubject: second\r\n\r\n"
    decision = evolve(
        DECISION, action=Action.REWRITE_SUBJECT, subject="*** SPAM *** %s"
    )
    section, _ = headers.rewritten(content, decision)
    assert section == b"Subject: *** SPAM *** =?utf-8?q?a?= b\r\n\r\n"


def test_subject_stays_otherwise() -> None:
    """Other actions leave the Subject alone."""
    section, _ = headers.rewritten(b"Subject: a\r\n\r\n", DECISION)
    assert section == b"Subject: a\r\n\r\n"


def test_missing_and_huge_subject() -> None:
    """No Subject is an empty one; of a huge one only the beginning is kept."""
    decision = evolve(DECISION, action=Action.REWRITE_SUBJECT, subject="S %s")
    assert headers.new_subject(b"From: a\r\n\r\n", decision) == "S"
    huge = b"Subject: " + b"x" * 1_000_000 + b"\r\n\r\n"
    assert len(headers.new_subject(huge, decision)) == headers.MAX_SUBJECT + 2
    assert headers.new_subject(b"Subject: a\n\n", DECISION) == "a"
