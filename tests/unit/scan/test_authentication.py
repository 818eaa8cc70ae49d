"""sc.scan.authentication: the field that tells who the sender proved to be."""

from email import message_from_string, policy

from attrs import evolve

from sc.content.fields import read_fields
from sc.model.authentication import Authentication
from sc.model.decision import Decision, Field
from sc.model.envelope import Envelope
from sc.model.verdict import Findings, ScannerResult, State, Verdict
from sc.scan import authentication, headers
from sc.scan.policy import ScanPolicy
from sc.scan.settings import PolicySettings

DKIM = Authentication(
    "dkim",
    "fail",
    (("header.d", "x.example"), ("header.s", "s1"), ("header.b", "abc/de+f")),
    "the message was changed",
)
SPF = Authentication("spf", "pass", (("smtp.mailfrom", "x.example"),))


def verdict(*stated: Authentication) -> Verdict:
    results = tuple(
        ScannerResult(one.method, State.DONE, Findings(authentication=(one,)))
        for one in stated
    )
    return Verdict("m1", results)


def value(*stated: Authentication) -> str:
    [field] = authentication.field(verdict(*stated), "mx.example.org")
    assert field.name == "Authentication-Results"
    return field.value


def test_field() -> None:
    """Every result in RFC 8601's words; what is no token stands between quotes."""
    assert value(SPF, DKIM) == (
        "mx.example.org; spf=pass smtp.mailfrom=x.example;"
        ' dkim=fail reason="the message was changed" header.d=x.example header.s=s1'
        ' header.b="abc/de+f"'
    )


def test_nobody_asked() -> None:
    """Without a scanner that asks there is no field."""
    assert list(authentication.field(Verdict("m1"), "mx.example.org")) == []


def test_nothing_raw() -> None:
    """What a stranger could break out with is left out."""
    for text in ('a";b', "a\r\nX: y", "a\\", "ä", "\x7f", ""):
        assert value(evolve(SPF, properties=(("smtp.helo", text),))) == (
            "mx.example.org; spf=pass"
        )
    long = value(evolve(SPF, properties=(("smtp.helo", "a" * 999),)))
    assert len(long) < 300


def decided(settings: PolicySettings, *stated: Authentication) -> Decision:
    made = ScanPolicy(settings, hostname="host.example")
    return made.decide(verdict(*stated), Envelope(), None)


def test_name() -> None:
    """Our name is the host's, or the operator's."""
    by_host = decided(PolicySettings(), SPF)
    assert by_host.fields[0] == Field(
        "Authentication-Results", "host.example; spf=pass smtp.mailfrom=x.example"
    )
    named = decided(PolicySettings(authserv_id="example.org"), SPF)
    assert named.fields[0].value.startswith("example.org; ")
    silent = decided(PolicySettings())
    assert silent.fields[0].name == "X-Spam"


def test_forged_ones_go() -> None:
    """Also where nobody was asked; other hosts' fields and ours stand."""
    content = (
        b"Authentication-Results: HOST.example; spf=pass\r\n"
        b"authentication-results: (x) host.example;\r\n dkim=pass\r\n"
        b"Authentication-Results: other.example; dkim=pass\r\n"
        b"X-Authentication-Results: host.example; dkim=pass\r\n\r\n"
    )
    section, _ = headers.rewritten(content, decided(PolicySettings()))
    kept = [f.value for f in read_fields(section) if "uthentication" in f.name]
    assert kept == [b" other.example; dkim=pass", b" host.example; dkim=pass"]
    section, _ = headers.rewritten(content, decided(PolicySettings(), DKIM))
    parsed = message_from_string(section.decode(), policy=policy.compat32)
    ours, other = parsed.get_all("Authentication-Results", [])
    assert ours.startswith("host.example; dkim=fail")
    assert other == "other.example; dkim=pass"
