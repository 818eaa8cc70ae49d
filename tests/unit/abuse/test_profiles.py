"""sc.abuse.profiles: what a desk wants, from the smallest match outwards."""

import pytest
from attrs import evolve

from sc.abuse.matching import is_key
from sc.abuse.profiles import Manner, Profile, ReportFormat
from sc.model.xarf import LinkType
from tests.fakes.abuse import SETTINGS

USUAL = Manner(ReportFormat.ARF, None, True, 1 << 20, False)
PROFILES = {
    "*": Profile(attach_up_to=100, auto_submitted=True),
    "example.net": Profile(format=ReportFormat.XARF, redact=True),
    "eu.example.net": Profile(link_type=LinkType.MALWARE, auto_submitted=False),
    "Abuse@eu.example.net": Profile(redact=False, attach_up_to=0),
}


@pytest.mark.parametrize(
    ("contact", "wanted"),
    [
        ("a@b.example", Manner(ReportFormat.ARF, None, True, 100, True)),
        ("a@example.net", Manner(ReportFormat.XARF, None, True, 100, True)),
        (
            "a@x.eu.Example.net",
            Manner(ReportFormat.XARF, LinkType.MALWARE, True, 100, False),
        ),
        (
            "abuse@eu.example.net",
            Manner(ReportFormat.XARF, LinkType.MALWARE, False, 0, False),
        ),
    ],
)
def test_manner(contact: str, wanted: Manner) -> None:
    """Each option comes from the smallest match that says it."""
    assert SETTINGS.manner(contact) == USUAL
    assert evolve(SETTINGS, profiles=PROFILES).manner(contact) == wanted


def test_types() -> None:
    """A type of link that wants details cannot be told by a profile."""
    for kind in LinkType:
        if kind in (LinkType.PHISHING, LinkType.MALWARE):
            assert Profile(link_type=kind).link_type is kind
        else:
            with pytest.raises(ValueError, match="phishing or malware"):
                Profile(link_type=kind)


@pytest.mark.parametrize("key", ["*", "a@b.example", "b.example"])
def test_keys(key: str) -> None:
    """Everybody, a domain, an address."""
    assert is_key(key)
    assert not is_key(key + " x")
    assert not is_key("@" + key)
