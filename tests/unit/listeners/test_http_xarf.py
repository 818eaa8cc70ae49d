"""`xarf` in `POST /`: what is asked for, what comes back, and what is missing."""

from typing import Any

import pytest
from attrs import evolve

from sc.model.xarf import LinkType, XarfReporter, XarfRequest
from tests.fakes.flow import stub_flow
from tests.fakes.http_door import Client
from tests.fakes.reporting import LINKS, RELAY, outcome

REPORTER = {
    "org": "Example Ltd",
    "contact": "abuse@example.org",
    "domain": "Example.org",
}
PHISHING = {"reporter": REPORTER, "link_type": "phishing"}


def asked(**xarf: Any) -> XarfRequest:
    """How the request comes to the flow; it must be right."""
    flow = stub_flow(report=outcome())
    reply = Client(flow).post_json("/", {"message": "x", "xarf": PHISHING | xarf})
    assert (reply.status, reply.json["warnings"]) == (200, [])
    request = flow.reporting.reported[0][1].xarf
    assert request is not None
    return request


def test_request() -> None:
    """Who complains, of what, and the port reach the flow as they were given."""
    assert asked(smtp_source_port=40123) == XarfRequest(
        XarfReporter("Example Ltd", "abuse@example.org", "example.org"),
        LinkType.PHISHING,
        40123,
    )
    assert asked(smtp_source_port=None).source_port is None


DETAILS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("malware", {}, {}),
    ("fraud", {"fraud_type": "lottery"}, {"fraud_type": "lottery"}),
    (
        "exposed_data",
        {"data_types": ["medical", "other", "medical"], "exposure_method": "other"},
        {"data_types": ("medical", "other"), "exposure_method": "other"},
    ),
    (
        "exposed_data",
        {"data_types": "medical", "exposure_method": "log_file"},
        {"data_types": ("medical",), "exposure_method": "log_file"},
    ),
    (
        "brand_infringement",
        {"infringement_type": "lookalike", "legitimate_site": "https://BANK.example"},
        {"infringement_type": "lookalike", "legitimate_site": "https://bank.example/"},
    ),
    (
        "brand_infringement",
        {"infringement_type": "other", "legitimate_site": "https://b.example/a|b"},
        {"infringement_type": "other", "legitimate_site": "https://b.example/a%7Cb"},
    ),
    (
        "remote_compromise",
        {"compromise_type": "webshell"},
        {"compromise_type": "webshell"},
    ),
    (
        "suspicious_registration",
        {
            "registration_date": "2026-11-19T00:00:00+01:00",
            "suspicious_indicators": ["dga_pattern"],
        },
        {
            "registration_date": "2026-11-19T00:00:00+01:00",
            "suspicious_indicators": ("dga_pattern",),
        },
    ),
]


@pytest.mark.parametrize(("kind", "given", "taken"), DETAILS)
def test_details(kind: str, given: dict[str, Any], taken: dict[str, Any]) -> None:
    """What a type of link requires is taken; a string is a list of one."""
    request = asked(link_type=kind, **given)
    assert (request.link_type.value, dict(request.details)) == (kind, taken)


@pytest.mark.parametrize(("kind", "given", "_taken"), DETAILS[1:])
def test_missing_detail(
    kind: str, given: dict[str, Any], _taken: dict[str, Any]
) -> None:
    """Each of them is required, and the answer names the one that is missing."""
    for name in given:
        lacking = {key: value for key, value in given.items() if key != name}
        refused(PHISHING | {"link_type": kind} | lacking, f"xarf.{name}: is missing")


def refused(xarf: object, text: str) -> None:
    flow = stub_flow()
    body = {"message": "x", "xarf": xarf, "abuse_report": {"send": True}}
    reply = Client(flow).post_json("/", body)
    assert (reply.status, text in reply.error) == (400, True), reply.error
    assert not flow.reporting.reported


def reporter(**changes: Any) -> dict[str, Any]:
    return PHISHING | {"reporter": REPORTER | changes}


def of(kind: str, **details: Any) -> dict[str, Any]:
    return PHISHING | {"link_type": kind} | details


BAD = [
    (True, "xarf: must be an object"),
    ({}, "xarf.link_type: is missing"),
    ({"link_type": "phishing"}, "xarf.reporter: is missing"),
    (PHISHING | {"reporter": "me"}, "xarf.reporter: must be an object"),
    (PHISHING | {"link_type": 5}, "xarf.link_type: must be a string"),
    (PHISHING | {"link_type": "spam"}, "xarf.link_type: must be one of phishing, "),
    (reporter(org=None), "xarf.reporter.org: is missing"),
    (reporter(org=" "), "xarf.reporter.org: must be a string that is not empty"),
    (reporter(org="x" * 201), "xarf.reporter.org: must be at most 200"),
    (reporter(org="a\nb"), "xarf.reporter.org: must be at most 200 printable"),
    (reporter(contact="abuse"), "xarf.reporter.contact: not an address"),
    (reporter(contact="a b@example.org"), "xarf.reporter.contact: not an address"),
    (reporter(contact="x" * 65 + "@example.org"), "xarf.reporter.contact: not"),
    (reporter(contact="abuse@example.org\n"), "xarf.reporter.contact: not an address"),
    (reporter(contact="abuse@localhost"), "xarf.reporter.contact: not an address"),
    (reporter(domain=None), "xarf.reporter.domain: is missing"),
    (reporter(domain="localhost"), "xarf.reporter.domain: not a domain"),
    (reporter(domain="ex\u00e4mple.org"), "xarf.reporter.domain: not a domain"),
    (reporter(domain="-a.example"), "xarf.reporter.domain: not a domain"),
    (reporter(domain="a." * 130 + "example"), "xarf.reporter.domain: not a domain"),
    (PHISHING | {"smtp_source_port": 0}, "xarf.smtp_source_port: must be a number"),
    (PHISHING | {"smtp_source_port": 65536}, "xarf.smtp_source_port: must be"),
    (PHISHING | {"smtp_source_port": "25"}, "xarf.smtp_source_port: must be"),
    (PHISHING | {"smtp_source_port": True}, "xarf.smtp_source_port: must be"),
    (of("fraud", fraud_type="big"), "xarf.fraud_type: must be one of investment, "),
    (of("fraud", fraud_type=["other"]), "xarf.fraud_type: must be a string"),
    (
        of("exposed_data", data_types=[], exposure_method="other"),
        "xarf.data_types: must be a list of 1 to 15",
    ),
    (
        of("exposed_data", data_types=["other"] * 16, exposure_method="other"),
        "xarf.data_types: must be a list of 1 to 15",
    ),
    (
        of("exposed_data", data_types=["x"], exposure_method="other"),
        "xarf.data_types: must be one of",
    ),
    *(
        (
            of("brand_infringement", infringement_type="other", legitimate_site=site),
            "xarf.legitimate_site: not a URL",
        )
        for site in ("bank", "javascript:x", "https://a.example/" + "x" * 2000)
    ),
    *(
        (
            of("suspicious_registration", registration_date=time),
            "xarf.registration_date: not a time such as 2026-01-31T12:00:00Z",
        )
        for time in ("2026-01-31", "2026-13-31T12:00:00Z", "2026-01-31T12:00:00")
    ),
]


@pytest.mark.parametrize(("xarf", "text"), BAD)
def test_bad(xarf: object, text: str) -> None:
    """Whatever could not become a valid report is refused, and nothing is sent."""
    refused(xarf, text)


def test_unknown_fields() -> None:
    """A field that this type of link does not have is told, and left out."""
    xarf = reporter(phone="1") | {"fraud_type": "other"}
    reply = Client(stub_flow(report=outcome())).post_json(
        "/", {"message": "x", "xarf": xarf}
    )
    assert reply.json["warnings"] == [
        "xarf.fraud_type: there is no such field",
        "xarf.reporter.phone: there is no such field",
    ]


def test_answer() -> None:
    """Each item has its report; one that has none says null."""
    found = evolve(outcome(), xarf={RELAY: {"type": "spam"}})
    reply = Client(stub_flow(report=found)).post_json(
        "/", {"message": "x", "xarf": PHISHING}
    )
    (relay,) = reply.json["complaints"]["abuse@isp.example"]
    (link,) = reply.json["complaints"]["abuse@web.example"]
    assert (relay["xarf"], link["xarf"]) == ({"type": "spam"}, None)


def test_not_asked() -> None:
    """Who does not ask for XARF sees none of it."""
    found = evolve(outcome(), xarf={LINKS: {"type": "phishing"}})
    reply = Client(stub_flow(report=found)).post_json("/", {"message": "x"})
    (link,) = reply.json["complaints"]["abuse@web.example"]
    assert "xarf" not in link
