"""sc.wire.virustotal: answers of its API, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.wire.virustotal import (
    UNKNOWN,
    AnswerError,
    Report,
    form,
    from_cache,
    read_analysis,
    read_report,
    read_upload,
    to_cache,
)

STATS = b'{"malicious": 5, "suspicious": 1, "undetected": 60, "harmless": 2}'


def test_report() -> None:
    """Counts, and a label that may stand in a header field."""
    label = b'{"suggested_threat_label": "trojan.x/y\\r\\nX: z"}'
    body = b'{"data": {"attributes": {"last_analysis_stats": %s, "x": 1, %s}}}'
    threat = b'"popular_threat_classification": ' + label
    report = read_report(body % (STATS, threat))
    assert report == Report(5, 1, 68, "trojan.x/y__X:_z")
    assert report.doubts == 6


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data": []}',
        b'{"data": {"attributes": []}}',
        b'{"data": {"attributes": {}}}',
        b'{"data": {"attributes": {"last_analysis_stats": {"malicious": -1}}}}',
        b'{"data": {"attributes": {"last_analysis_stats": {"malicious": "5"}}}}',
        b'{"data": {"attributes": {"last_analysis_stats": {"malicious": true}}}}',
        b"[" * 100_000,
    ],
)
def test_no_report(body: bytes) -> None:
    """What has no counts is no report."""
    with pytest.raises(AnswerError):
        read_report(body)


def test_analysis() -> None:
    """Ready, or not yet."""
    body = b'{"data": {"attributes": {"status": "%s", "stats": %s}}}'
    assert read_analysis(body % (b"completed", STATS)) == Report(5, 1, 68)
    assert read_analysis(body % (b"queued", STATS)) is None


def test_upload() -> None:
    """The id stands in a URL of ours: nothing else may be in it."""
    assert read_upload(b'{"data": {"id": "YWJj=="}}') == "YWJj=="
    for body in (b'{"data": {"id": "../x"}}', b'{"data": {}}', b'{"data": 1}'):
        with pytest.raises(AnswerError):
            read_upload(body)


def test_form() -> None:
    """One file, byte for byte, without its name."""
    kind, body = form(b"a\r\n\0b", "xyz")
    assert kind == "multipart/form-data; boundary=xyz"
    assert body.startswith(b"--xyz\r\nContent-Disposition: form-data; name=file;")
    assert body.endswith(b"\r\n\r\na\r\n\0b\r\n--xyz--\r\n")


@given(st.binary(max_size=60))
def test_cache(octets: bytes) -> None:
    """What others wrote into the cache is a report or nothing."""
    found = from_cache(octets)
    assert found is None or from_cache(to_cache(found)) == found


def test_cached() -> None:
    """What we wrote comes back; what nearly is one does not."""
    for report in (UNKNOWN, Report(5, 1, 68, "trojan.x")):
        assert from_cache(to_cache(report)) == report
    for octets in (b"[1, 2]", b'[1, 2, -3, ""]', b"[]", b"5"):
        assert from_cache(octets) is None
