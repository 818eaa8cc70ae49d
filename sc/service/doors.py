"""Each configured listener as a service: who gives it what."""

from collections.abc import Awaitable, Callable

from attrs import frozen

from sc.abuse.bounces.answers import Answers
from sc.abuse.bounces.desks import Desks
from sc.access import Access
from sc.config.listeners import Listener
from sc.flow import Flow
from sc.listeners.crowd import ListenerService
from sc.listeners.http.door import Door as HttpDoor
from sc.listeners.http.door import Questions
from sc.listeners.http.service import HttpService
from sc.listeners.http.settings import HttpSettings
from sc.listeners.smtp.bounces import Bounces, Taking
from sc.listeners.smtp.filter import Filter
from sc.listeners.smtp.packing import Packing
from sc.listeners.smtp.report import Report
from sc.listeners.smtp.service import SmtpService
from sc.listeners.smtp.session import Door as SmtpDoor
from sc.listeners.smtp.settings import SmtpSettings
from sc.listeners.spamd.service import SpamdService
from sc.listeners.spamd.session import Door as SpamdDoor
from sc.listeners.spamd.settings import SpamdSettings
from sc.model.status import ScannerStatus
from sc.net.relay import Relay, RelaySettings, relay_endpoint
from sc.offload import Offload
from sc.outbox.gate import Gate
from sc.outbox.outbox import Outbox
from sc.scan import headers
from sc.scan.outbreak import Outbreak
from sc.service.surroundings import Surroundings


@frozen
class Behind:
    """
    What lies behind every door.

    @ivar metrics: all of them, as text.
    @ivar quarantine_address: where SMTP and LMTP send what is put aside.
    @ivar spool_dir: for messages above 1 MiB, in files without a name.
    """

    flow: Flow
    access: Access
    outbox: Outbox
    gate: Gate
    questions: Questions
    answers: Answers
    bounces: Taking
    feedback: Taking
    desks: Desks
    incidents: Outbreak
    offload: Offload
    statuses: Callable[[], tuple[ScannerStatus, ...]]
    readiness: Callable[[], tuple[str, ...]]
    metrics: Callable[[], Awaitable[bytes]]
    hostname: str
    quarantine_address: str
    spool_dir: str


def open_door(
    name: str, listener: Listener, behind: Behind, around: Surroundings
) -> ListenerService:
    """The service of one listener; nothing is opened yet."""
    settings = listener.settings
    if isinstance(settings, HttpSettings):
        return _http(name, settings, behind, around)
    if isinstance(settings, SpamdSettings):
        return _spamd(name, settings, behind, around)
    return _smtp(name, settings, behind, around)


def _http(
    name: str, settings: HttpSettings, behind: Behind, around: Surroundings
) -> ListenerService:
    door = HttpDoor(
        flow=behind.flow,
        access=behind.access,
        settings=settings,
        clock=around.reactor,
        outbox=behind.outbox,
        gate=behind.gate,
        questions=behind.questions,
        answers=behind.answers,
        desks=behind.desks,
        incidents=behind.incidents,
        offload=behind.offload,
        statuses=behind.statuses,
        readiness=behind.readiness,
        metrics=behind.metrics,
        name=name,
        spool_dir=behind.spool_dir,
    )
    return HttpService(around.reactor, door)


def _spamd(
    name: str, settings: SpamdSettings, behind: Behind, around: Surroundings
) -> ListenerService:
    door = SpamdDoor(
        flow=behind.flow,
        access=behind.access,
        settings=settings,
        offload=behind.offload,
        name=name,
        spool_dir=behind.spool_dir,
    )
    return SpamdService(around.reactor, around.reactor, door)


def _smtp(
    name: str, settings: SmtpSettings, behind: Behind, around: Surroundings
) -> ListenerService:
    hop = settings.next_hop
    door = SmtpDoor(
        name=name,
        settings=settings,
        access=behind.access,
        filter=Filter(
            flow=behind.flow,
            settings=settings,
            packing=Packing(headers.rewritten, behind.hostname),
            offload=behind.offload,
            next_hop=relay(hop, behind.hostname, around) if hop else None,
            quarantine_address=behind.quarantine_address or None,
            maillog=behind.flow.maillog,
        ),
        report=Report(behind.flow),
        bounces=Bounces(behind.bounces),
        feedback=Bounces(behind.feedback),
        new_id=behind.flow.new_id,
        metrics=behind.flow.metrics,
        hostname=behind.hostname,
        spool_dir=behind.spool_dir,
    )
    return SmtpService(around.reactor, around.reactor, door)


def relay(settings: RelaySettings, hostname: str, around: Surroundings) -> Relay:
    """A client of the next hop, or of the relay that takes our reports."""
    endpoint = relay_endpoint(settings, around.reactor)
    return Relay(settings, endpoint, around.reactor, hostname)
