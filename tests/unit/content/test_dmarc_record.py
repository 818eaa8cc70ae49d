"""sc.content.dmarc_record: the records of RFC 7489, and those that are none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.dmarc_record import (
    MAX_RECORD,
    Policy,
    Record,
    RecordError,
    aligned,
    is_sampled,
    read_record,
    select,
)
from sc.content.fields import read_fields

REJECT, QUARANTINE, NONE = Policy.REJECT, Policy.QUARANTINE, Policy.NONE


@pytest.mark.parametrize(
    ("text", "record"),
    [
        # RFC 7489 appendix B.2.1 to B.2.4.
        ("v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", Record(NONE, NONE)),
        (
            "v=DMARC1; p=none; ruf=mailto:auth-reports@example.com",
            Record(NONE, NONE),
        ),
        (
            "v=DMARC1; p=quarantine; rua=mailto:a@example.com, mailto:b@x!10m; pct=25",
            Record(QUARANTINE, QUARANTINE, percent=25),
        ),
        ("v=DMARC1;p=REJECT", Record(REJECT, REJECT)),
        ("v = DMARC1 ; p = reject ; sp = none", Record(REJECT, NONE)),
        (
            "v=DMARC1; p=reject; adkim=s; aspf=S",
            Record(REJECT, REJECT, strict_dkim=True, strict_spf=True),
        ),
        # RFC 7489 6.3: errors in the remainder have the defaults.
        ("v=DMARC1; p=reject; adkim=x; pct=101; junk", Record(REJECT, REJECT)),
        ("v=DMARC1; p=reject; pct=0", Record(REJECT, REJECT, percent=0)),
        # RFC 7489 6.6.3: without a policy, but with an address for reports.
        ("v=DMARC1; rua=mailto:a@example.com", Record(NONE, NONE)),
        ("v=DMARC1; p=monitor; rua=mailto:a@example.com", Record(NONE, NONE)),
        ("v=DMARC1; p=reject; sp=x; rua=mailto:a@x.example", Record(NONE, NONE)),
    ],
)
def test_records(text: str, record: Record) -> None:
    """What is published is read as the RFC says."""
    found = select([b"something else", text.encode()])
    assert found is not None
    assert read_record(found) == record


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"v=DMARC1", "no policy"),
        (b"v=DMARC1; p=monitor", "no policy"),
        (b"v=DMARC1; p=reject; sp=x; rua=nobody", "no policy"),
        (b"v=DMARC1; p=none; p=reject", "twice"),
        (b"v=DMARC1; p=none" + b";" * 60, "too many"),
        (b"v=DMARC1; p=none; rua=" + b"a" * MAX_RECORD, "too long"),
    ],
)
def test_unusable(text: bytes, reason: str) -> None:
    """Such a record asks for nothing."""
    with pytest.raises(RecordError, match=reason):
        read_record(text)


def test_select() -> None:
    """Only one record that begins as DMARC's do counts; two are none."""
    others = [b"v=spf1 -all", b"p=reject; v=DMARC1", b"v=DMARC12; p=none", b"v=dmarc1"]
    assert select(others) is None
    with pytest.raises(RecordError, match="several"):
        select([b"v=DMARC1; p=none", b"v=DMARC1;p=reject"])


@pytest.mark.parametrize(
    ("domain", "author", "relaxed", "strict"),
    [
        # RFC 7489 appendix B.1.1 to B.1.3.
        ("example.com", "example.com", True, True),
        ("child.example.com", "example.com", True, False),
        ("example.com", "child.example.com", True, False),
        ("example.net", "example.com", False, False),
        ("a.co.uk", "b.co.uk", False, False),
        ("mail.a.co.uk", "www.a.co.uk", True, False),
        ("co.uk", "b.co.uk", False, False),
    ],
)
def test_aligned(domain: str, author: str, relaxed: bool, strict: bool) -> None:
    """Relatives below one registered domain, or in strict mode the very same."""
    assert aligned(domain, author, strict=False) is relaxed
    assert aligned(domain, author, strict=True) is strict


def test_sample() -> None:
    """A share of the messages, and of one message always the same."""
    mails = [
        read_fields(f"Received: {i % 7}\r\nMessage-ID: <{i}@x>\r\n\r\n".encode())
        for i in range(1000)
    ]
    assert 150 < sum(is_sampled(mail, 25) for mail in mails) < 350
    assert not any(is_sampled(mail, 0) for mail in mails)
    assert all(is_sampled(mail, 100) for mail in mails)
    again = read_fields(b"Received: another\r\nMessage-ID: <5@x>\r\n\r\n")
    assert [is_sampled(again, n) for n in range(101)] == [
        is_sampled(mails[5], n) for n in range(101)
    ]
    assert (REJECT.milder, QUARANTINE.milder, NONE.milder) == (QUARANTINE, NONE, NONE)


@given(st.binary(max_size=80))
def test_only_its_error(text: bytes) -> None:
    """Whatever is published, nothing but `RecordError` comes out."""
    with suppress(RecordError):
        read_record(b"v=DMARC1; p=none;" + text)
