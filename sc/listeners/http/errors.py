"""What goes wrong, in HTTP's words: a status and one sentence for the client."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as DeadlineError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from sc.abuse.bounces.desks import NoSuchDeskError
from sc.abuse.contacts.who import NoSuchHostError
from sc.explain import UnknownNameError
from sc.flow import KeyReusedError, OverloadedError, SendingNotConfiguredError
from sc.outbox.states import TransitionError
from sc.outbox.table import NoSuchReportError
from sc.scan.incident_table import NoSuchIncidentError
from sc.store.interface import StoreError

Fields = Sequence[tuple[str, str]]

AGAIN: Fields = (("Retry-After", "30"),)


class HttpError(Exception):
    """
    An answer that is no success. Its body is `{"error": text}`, and nothing else:
    Haraka takes an object with a second key for a scan result.

    @ivar fields: of the reply's header.
    """

    def __init__(self, status: int, text: str, fields: Fields = ()) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text
        self.fields = fields


def error_of(error: BaseException | None) -> HttpError | None:
    """What an expected failure is called here; None: it is a bug."""
    if isinstance(error, HttpError):
        return error
    if isinstance(error, HTTPException):
        return _routing(error)
    for kind, answer in _ANSWERS:
        if isinstance(error, kind):
            return answer(error)
    return None


def _again(text: str) -> Callable[[BaseException], HttpError]:
    return lambda _error: HttpError(503, text, AGAIN)


_ANSWERS: Sequence[tuple[type[Exception], Callable[[BaseException], HttpError]]] = (
    (OverloadedError, _again("too many messages at once, come back later")),
    (StoreError, _again("the store cannot be used now")),
    (DeadlineError, _again("no answer in time")),
    (CancelledError, _again("the daemon stops")),
    (NoSuchHostError, lambda error: HttpError(422, str(error))),
    (UnknownNameError, lambda error: HttpError(404, str(error))),
    (KeyReusedError, lambda error: HttpError(422, str(error))),
    (NoSuchReportError, lambda error: HttpError(404, str(error))),
    (NoSuchDeskError, lambda error: HttpError(404, str(error))),
    (NoSuchIncidentError, lambda error: HttpError(404, str(error))),
    (TransitionError, lambda error: HttpError(409, str(error))),
    (
        # A 4xx would make callers give the message up for ever.
        SendingNotConfiguredError,
        _again("abuse_report is not configured, nothing is sent"),
    ),
)


def _routing(error: HTTPException) -> HttpError:
    status = error.code or 500
    if isinstance(error, MethodNotAllowed):
        allow = ", ".join(sorted(error.valid_methods or ()))
        return HttpError(405, f"this path takes {allow} only", (("Allow", allow),))
    if status == 404:
        return HttpError(404, "there is nothing at this path")
    return HttpError(status, HTTPStatus(status).phrase.lower())
