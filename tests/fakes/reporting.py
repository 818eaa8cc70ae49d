"""What `Flow.report` found and did, for tests of the doors that tell it.

flow = stub_flow(report=outcome(report(ReportState.SENT)))
"""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from sc.model.complaint import Complaint, Contact, LinkItem, RelayItem
from sc.model.evidence import Evidence, Link, Relay, Role
from sc.model.report import ReportOutcome, ReportState, ReportStatus

DESK = Contact(
    "abuse@isp.example",
    source="rdap",
    reason="role abuse",
    network=ip_network("192.0.2.0/24"),
    alternatives=("noc@isp.example",),
)
OTHER_DESK = Contact("abuse@web.example", source="override", reason="configured")

RELAY = RelayItem(
    Relay(
        ip_address("192.0.2.7"),
        verified=True,
        helo="mail.spam.example",
        rdns="host7.isp.example",
        by="mx.example.org",
        date=datetime(2026, 5, 4, 12, 30, tzinfo=UTC),
        header="from mail.spam.example ([192.0.2.7]) by mx.example.org",
    ),
    DESK,
)
LINKS = LinkItem(
    "shop.spam.example",
    (ip_address("192.0.2.80"), ip_address("2001:db8::80")),
    (
        Link(
            "https://shop.spam.example/buy",
            "shop.spam.example",
            Role.NAVIGATES,
            ("https://go.example/?u=x",),
        ),
        Link("https://shop.spam.example/a.png", "shop.spam.example", Role.RESOURCE),
    ),
    27,
    OTHER_DESK,
)
COMPLAINTS = (
    Complaint(DESK.address, (RELAY,), mailable=True),
    Complaint(OTHER_DESK.address, (LINKS,), mailable=True),
)


def report(
    state: ReportState, reason: str = "", *, duplicate: bool = False
) -> ReportStatus:
    return ReportStatus(f"r-{state.value}", DESK.address, state, reason, duplicate)


def outcome(
    *reports: ReportStatus,
    warnings: tuple[str, ...] = (),
    complete: bool = True,
    complaints: tuple[Complaint, ...] = COMPLAINTS,
) -> ReportOutcome:
    """A spam with a relay and links; `reports` are those that were sent for it."""
    return ReportOutcome(
        message_id="id-1",
        evidence=Evidence("0" * 64),
        complaints=complaints,
        warnings=warnings,
        reports=reports,
        complete=complete,
    )
