"""The paths of the HTTP door, by Klein: decode, ask flow, encode."""

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource

from sc.access import Caller, Right
from sc.listeners.http import (
    desks_api,
    guard,
    incidents_api,
    outbox_api,
    questions,
    reply,
    report_api,
    scan_api,
    shapes,
)
from sc.listeners.http.door import Door
from sc.listeners.http.errors import HttpError, error_of
from sc.listeners.http.json_text import encode
from sc.listeners.http.pages import page, scan, status
from sc.listeners.http.request import HttpRequest
from sc.metrics import CONTENT_TYPE
from sc.store.interface import StoreError


class HttpApi:
    """One listener's resource."""

    app = Klein()
    app.url_map.merge_slashes = False  # No redirects: nobody follows them with a POST.

    def __init__(self, door: Door) -> None:
        self._door = door

    def resource(self) -> IResource:
        return self.app.resource()

    # -- messages

    @app.route("/", methods=["POST"])
    async def report(self, request: HttpRequest) -> bytes:
        caller = self._admit(request, Right.REPORT)
        return _json(request, await report_api.report(self._door, request, caller))

    @app.route("/scan", methods=["POST"])
    async def scan(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        outcome = await scan_api.scanned(self._door, request)
        if guard.wants_page(request):
            return await self._page(request, scan.decision(outcome))
        return _json(request, scan_api.scan_list(request, outcome))

    @app.route("/v1/scan", methods=["POST"])
    async def scan_v1(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        return _json(request, await scan_api.scan_verdict(self._door, request))

    # -- pages for people

    @app.route("/", methods=["GET"])
    async def home(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        return await self._page(request, status.home(self._door))

    @app.route("/status", methods=["GET"])
    async def status(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        return await self._page(request, status.status(self._door, request.args))

    @app.route("/scan", methods=["GET"])
    async def scan_form(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        return await self._page(request, scan.form())

    @app.route("/web/<name>", methods=["GET"])
    def web(self, request: HttpRequest, name: str) -> bytes:
        """For everybody: an error page, too, has its style."""
        return _whole(request, *page.static(name))

    # -- status

    @app.route("/status/scannersAll", methods=["GET"])
    def scanners_all(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        return _json(request, shapes.all_scanners(self._door.statuses()))

    @app.route("/status/scannersAvailable", methods=["GET"])
    def scanners_available(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        return _json(request, shapes.available_scanners(self._door.statuses()))

    @app.route("/healthz", methods=["GET"])
    def healthz(self, request: HttpRequest) -> bytes:
        """That this is answered at all says that the loop runs."""
        return _json(request, {"status": "ok"})

    @app.route("/readyz", methods=["GET"])
    def readyz(self, request: HttpRequest) -> bytes:
        reasons = self._door.readiness()
        if not reasons:
            return _json(request, {"status": "ready"})
        # Why is for those who may scan: it may name what we run.
        knows = guard.caller_of(self._door.access, request).may(Right.SCAN)
        text = "; ".join(reasons) if knows else "ask with the right scan"
        raise HttpError(503, f"not ready: {text}")

    @app.route("/metrics", methods=["GET"])
    async def metrics(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.SCAN)
        return _whole(request, await self._door.metrics(), CONTENT_TYPE)

    # -- the operator

    @app.route("/v1/outbox", methods=["GET"])
    async def outbox(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.ADMIN)
        query = request.args or {}
        door = self._door
        return _json(request, await outbox_api.listed(door.outbox, door.gate, query))

    @app.route("/v1/outbox/stop", methods=["POST"])
    async def outbox_stop(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(request, await outbox_api.stopped(self._door.gate))

    @app.route("/v1/outbox/start", methods=["POST"])
    async def outbox_start(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(request, await outbox_api.started(self._door.gate))

    @app.route("/v1/outbox/<which>/approve", methods=["POST"])
    async def outbox_approve(self, request: HttpRequest, which: str) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(request, await outbox_api.approved(self._door.gate, which))

    @app.route("/v1/outbox/<which>/reject", methods=["POST"])
    async def outbox_reject(self, request: HttpRequest, which: str) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(request, await outbox_api.rejected(self._door.gate, which))

    @app.route("/v1/outbox/<report_id>", methods=["GET"])
    async def outbox_show(self, request: HttpRequest, report_id: str) -> bytes:
        self._admit(request, Right.ADMIN)
        door = self._door
        shown = await outbox_api.shown(door.outbox, door.answers, report_id)
        return _json(request, shown)

    @app.route("/v1/outbox/<report_id>/retry", methods=["POST"])
    async def outbox_retry(self, request: HttpRequest, report_id: str) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(request, await outbox_api.retried(self._door.outbox, report_id))

    @app.route("/v1/outbox/<report_id>/cancel", methods=["POST"])
    async def outbox_cancel(self, request: HttpRequest, report_id: str) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(request, await outbox_api.cancelled(self._door.outbox, report_id))

    @app.route("/v1/explain/<path:name>", methods=["GET"])
    async def explain(self, request: HttpRequest, name: str) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(
            request, questions.story_object(await self._door.questions.explain(name))
        )

    @app.route("/v1/contacts/<path:what>", methods=["GET"])
    async def contacts(self, request: HttpRequest, what: str) -> bytes:
        self._admit(request, Right.REPORT)
        return _json(
            request, questions.contacts_object(await self._door.questions.who(what))
        )

    @app.route("/v1/lists/<path:what>", methods=["GET"])
    async def lists(self, request: HttpRequest, what: str) -> bytes:
        self._admit(request, Right.ADMIN)
        found = self._door.questions.listed(what)
        return _json(request, questions.lists_object(found))

    @app.route("/v1/desks", methods=["GET"])
    async def desks(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.ADMIN)
        query = request.args or {}
        return _json(request, await desks_api.listed(self._door.desks, query))

    @app.route("/v1/desks/<address>/revive", methods=["POST"])
    async def desk_revive(self, request: HttpRequest, address: str) -> bytes:
        self._admit(request, Right.ADMIN)
        return _json(request, await desks_api.revived(self._door.desks, address))

    @app.route("/v1/incidents", methods=["GET"])
    async def incidents(self, request: HttpRequest) -> bytes:
        self._admit(request, Right.ADMIN)
        query = request.args or {}
        return _json(request, await incidents_api.listed(self._door.incidents, query))

    @app.route("/v1/incidents/<incident_id>", methods=["GET"])
    async def incident(self, request: HttpRequest, incident_id: str) -> bytes:
        self._admit(request, Right.ADMIN)
        incidents = self._door.incidents
        return _json(request, await incidents_api.shown(incidents, incident_id))

    @app.route("/v1/incidents/<incident_id>/close", methods=["POST"])
    async def incident_close(self, request: HttpRequest, incident_id: str) -> bytes:
        by = self._admit(request, Right.ADMIN).name
        incidents = self._door.incidents
        return _json(request, await incidents_api.closed(incidents, incident_id, by))

    @app.route("/v1/outbox/<report_id>/mail", methods=["GET"])
    async def outbox_mail(self, request: HttpRequest, report_id: str) -> bytes:
        self._admit(request, Right.ADMIN)
        mail = await self._door.questions.mail(report_id)
        if mail is None:
            raise HttpError(404, "there is no such report, or its mail is deleted")
        return _whole(request, mail, reply.MAIL)

    # -- what all of them share

    @app.handle_errors(Exception)
    async def failed(self, request: IRequest, failure: Failure) -> bytes:
        """The one place where an exception becomes an answer."""
        assert isinstance(request, HttpRequest)
        error = error_of(failure.value)
        if error is None:
            self._door.log.failure("bug in the HTTP door", failure, id=request.id)
            error = HttpError(500, f"internal error {request.id}")
        elif failure.check(StoreError):
            text = "request {id} is not taken: {e}"
            self._door.log.error(text, id=request.id, e=failure.value)
        self._door.flow.metrics.refused(self._door.name, str(error.status))
        request.setResponseCode(error.status)
        for name, value in error.fields:
            request.setHeader(name, value)
        if guard.wants_page(request):
            return await self._page(request, status.problem(error))
        return _whole(request, reply.error_body(error))

    async def _page(self, request: HttpRequest, shown: page.Page) -> bytes:
        return _whole(request, await page.render(request, shown), page.HTML)

    def _admit(self, request: HttpRequest, right: Right) -> Caller:
        if request.method == b"POST":
            guard.refuse_strange_pages(request, self._door.settings.hosts)
        return guard.admit(self._door.access, request, right)


def _json(request: HttpRequest, value: shapes.Json) -> bytes:
    return _whole(request, encode(value))


def _whole(request: HttpRequest, body: bytes, kind: str = reply.JSON) -> bytes:
    request.setHeader("Content-Type", kind)
    request.setHeader("Content-Length", str(len(body)))
    return body
