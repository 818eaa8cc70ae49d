"""sc.abuse.settings: what cannot work is told before anything listens."""

import pytest

from sc.abuse.profiles import Profile
from sc.abuse.settings import AbuseReportSettings, AutomaticSettings
from sc.model.decision import Action
from sc.net.relay_settings import RelaySettings


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"from_": "nobody"}, "not a mailbox"),
        ({"from_": "a@b.example\nBcc: c@d.example"}, "not a mailbox"),
        ({"from_": "a b@c.example"}, "not a mailbox"),
        ({"wait": 0.0}, "wait"),
        ({"attach_up_to": -1}, "attach_up_to"),
        ({"never_desks": ("a@b@c",)}, "neither an address nor a domain"),
        ({"profiles": {"a b": Profile()}}, "neither an address, a domain nor"),
        ({"profiles": {"A.b": Profile(), "a.b": Profile()}}, "stands there twice"),
        ({"aliases": {"a.b": "nobody"}}, "is not an address"),
        ({"aliases": {"a.b": "root@localhost"}}, "is not an address"),
        ({"aliases": {"x.y": "a@z.y", "z.y": "a@x.y"}}, "in its own place"),
        ({"on": AutomaticSettings(listeners=("lmtp",))}, "needs abuse_report.from"),
        ({"on": AutomaticSettings(actions=(Action.REJECT,))}, "needs abuse_report"),
    ],
)
def test_bad(options: dict[str, object], text: str) -> None:
    """Each impossible value is told in a sentence."""
    with pytest.raises(ValueError, match=text):
        AbuseReportSettings(**options)  # type: ignore[arg-type]  # the point of the test


def test_configured() -> None:
    """Only with a mailbox and a relay anything is sent."""
    assert not AbuseReportSettings().configured
    assert AbuseReportSettings().address == ""
    assert not AbuseReportSettings(from_="a@b.example").configured
    assert not AbuseReportSettings(smtp=RelaySettings("/run/lmtp")).configured
    relay = RelaySettings("[::1]:25")
    whole = AbuseReportSettings(from_="A B <a@b.example>", smtp=relay)
    assert whole.configured
    assert whole.address == "a@b.example"
