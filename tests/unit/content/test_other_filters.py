"""sc.content.other_filters: what another filter said about a message."""

import pytest

from sc.content.other_filters import (
    Opinion,
    Word,
    is_theirs,
    logged,
    message_id,
    opinions,
    worst,
)

HAM, SPAM, VIRUS = Word.HAM, Word.SPAM, Word.VIRUS


@pytest.mark.parametrize(
    ("field", "opinion"),
    [
        (
            "X-Spam-Status: Yes, score=12.3 required=5.0 tests=A,\r\n\tB autolearn=no",
            Opinion("spamassassin", SPAM, 12.3),
        ),
        ("X-Spam-Status: No, hits=-1 required=5", Opinion("spamassassin", HAM, -1.0)),
        ("X-Spam-Status: perhaps", None),
        ("X-Spam-Flag: YES", Opinion("spamassassin", SPAM)),
        ("X-Spam: Yes", Opinion("spamassassin", SPAM)),
        (
            "X-Spamd-Result: default: False [1.20 / 15.00];\r\n\tA(1.2)[x]",
            Opinion("rspamd", HAM, 1.2),
        ),
        (
            "X-Spamd-Result: default: True [16.50 / 15.00]",
            Opinion("rspamd", SPAM, 16.5),
        ),
        ("X-Spamd-Result: default: Skip [0.00 / 15.00]", None),
        ("X-Spamd-Result: what", None),
        ("X-Rspamd-Action: add header", Opinion("rspamd", SPAM)),
        ("X-Rspamd-Action: greylist", Opinion("rspamd", HAM)),
        ("X-DSPAM-Result: Innocent", Opinion("dspam", HAM)),
        ("X-DSPAM-Result: Spam", Opinion("dspam", SPAM)),
        ("X-DSPAM-Result: ?", None),
        (
            "X-Bogosity: Spam, tests=bogofilter, spamicity=0.99, version=1.2",
            Opinion("bogofilter", SPAM, 0.99),
        ),
        ("X-Bogosity: Unsure, tests=bogofilter, spamicity=0.5", None),
        ("X-Virus-Status: Clean", Opinion("clamav", HAM)),
        ("X-Virus-Status: Infected (Eicar)", Opinion("clamav", VIRUS)),
        ("X-Virus-Scanned: by amavis at x", None),
        (
            "X-Amavis-Alert: INFECTED, message contains virus: x",
            Opinion("amavis", VIRUS),
        ),
        ("X-Amavis-Alert: BANNED, message contains x.exe", Opinion("amavis", SPAM)),
    ],
)
def test_fields(field: str, opinion: Opinion | None) -> None:
    """Each filter has words of its own; what is no verdict is no opinion."""
    content = f"{field}\r\nSubject: x\r\n\r\nX-Spam-Flag: YES\r\n".encode()
    assert opinions(content) == ((opinion,) if opinion else ())
    assert opinion is None or is_theirs(field.partition(":")[0].lower())


def test_topmost_field() -> None:
    """What stands below may be a stranger's."""
    content = b"X-Spam-Flag: YES\r\nX-Spam-Flag: NO\r\n\r\n"
    assert [o.word for o in opinions(content)] == [SPAM]


def test_worst() -> None:
    """A virus counts before spam, and spam before nothing."""
    said = [Opinion("a", HAM), Opinion("b", VIRUS), Opinion("c", SPAM)]
    assert worst(said) == said[1]
    assert worst([]) is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            (
                "#7(normal) <a>; task; rspamd_task_write_log: id: <m@x>, qid:"
                " <q>, ip: 192.0.2.1, from: <a@x>, (default: T (reject):"
                " [16.00/15.00] [GTUBE(0.00){}], len: 5"
            ),
            ("m@x", Opinion("rspamd", SPAM, 16.0)),
        ),
        (
            "id: <m@x>, (default: F (no action): [-1.20/15.00] [], len: 5",
            ("m@x", Opinion("rspamd", HAM, -1.2)),
        ),
        (
            (
                "spamd: result: Y 12 - A,B scantime=0.3,size=799,user=u,uid=0,"
                "required_score=5.0,rhost=::1,raddr=::1,rport=5,mid=<m@x>,autolearn=no"
            ),
            ("m@x", Opinion("spamassassin", SPAM, 12.0)),
        ),
        (
            "spamd: result: . -1 - A scantime=0.3,mid=<m@x>,autolearn=ham",
            ("m@x", Opinion("spamassassin", HAM, -1.0)),
        ),
        (
            (
                "amavis: (00007-01) Passed CLEAN {RelayedInbound}, [192.0.2.1]:25 <a@x>"
                " -> <b@x>, Queue-ID: Q, Message-ID: <m@x>, Hits: -1.2, size: 5"
            ),
            ("m@x", Opinion("amavis", HAM, -1.2)),
        ),
        (
            (
                "amavis[7]: (00007-01-2) Blocked INFECTED (Eicar) {Discarded}, <a@x> ->"
                " <b@x>, Message-ID: <m@x>, Hits: -, size: 5"
            ),
            ("m@x", Opinion("amavis", VIRUS)),
        ),
        ("(00007-01) Blocked UNCHECKED <a>, Message-ID: <m@x>", None),
        ("postfix/qmgr[7]: ABC: from=<a@x>, size=5", None),
    ],
)
def test_log(line: str, found: tuple[str, Opinion] | None) -> None:
    """Three logs, one line a message."""
    assert list(logged([line])) == ([found] if found else [])


def test_message_id() -> None:
    """As it stands in logs: without brackets."""
    assert message_id(b"A: 1\r\nMessage-Id:\r\n <m@x>\r\n\r\n") == "m@x"
    assert message_id(b"A: 1\r\n\r\n") == ""
