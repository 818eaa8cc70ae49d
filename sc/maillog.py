"""What an operator reads: one line a message, one a report, in named fields."""

import re
from collections.abc import Callable, Sequence

from attrs import field, frozen
from twisted.logger import Logger

from sc.model.decision import Action, RecipientDecision
from sc.model.incident import Incident
from sc.model.message import Message
from sc.model.report import ReportStatus
from sc.model.verdict import Verdict
from sc.wire.smtp import Reply

_UNSAFE = re.compile(r"[^\x21-\x7e]")


def plain(text: str, limit: int = 200) -> str:
    """A stranger's text as one printable word, cut at `limit` characters."""
    word = _UNSAFE.sub("_", text[: limit + 1])
    return word if len(word) <= limit else word[:limit] + "..."


def _field(value: object) -> str:
    return plain(str(value)) if value not in (None, "") else "-"


SCANNED = (
    "scanned id={id} listener={listener} direction={direction} ip={ip} user={user}"
    " from={sender} rcpts={rcpts} size={size} action={action} reason={reason}"
    " score={score:.2f} symbols={symbols} errors={errors} ms={ms:.0f}"
)
REPORTED = (
    "report id={report} message={id} contact={contact} evidence={evidence}"
    " state={state} reason={reason}"
)
INCIDENT = (
    "incident id={id} user={user} state={state} spam={spam} complaints={complaints}"
    " ips={ips} samples={samples}"
)
RELAYED = "relayed id={id} rcpts={rcpts} accepted={accepted} reply={reply}"
NOT_RELAYED = "not relayed id={id} uncertain={uncertain}: {why}"
NOT_REPORTED = "not reported id={id} caller={caller}: {why}"


def nowhere(message_id: str, line: str) -> None:
    """The log alone has it."""


@frozen
class MailLog:
    """
    Writes the lines that everything else can be found by.

    @ivar keep: also gets each of them, with the message's id.
    """

    _log: Logger = field(factory=lambda: Logger("sc.maillog"))
    keep: Callable[[str, str], None] = nowhere

    def scanned(
        self,
        message: Message,
        direction: str,
        verdict: Verdict,
        decisions: tuple[RecipientDecision, ...],
        seconds: float,
        *,
        observed: bool = False,
    ) -> None:
        """One line a message, about the most severe decision."""
        envelope = message.envelope
        worst = max((d.decision for d in decisions), key=lambda d: d.action.severity)
        self._write(
            SCANNED,
            id=message.id,
            listener=message.listener or "-",
            direction=direction,
            ip=_field(envelope.client_ip),
            user=_field(envelope.user),
            sender="<>" if envelope.sender == "" else _field(envelope.sender),
            rcpts=len(envelope.recipients),
            size=len(message.content),
            action=_actions(worst.action, decisions, observed=observed),
            reason=worst.reason.value,
            score=worst.score,
            symbols=",".join(s.name for s in worst.symbols[:50]) or "-",
            errors=",".join(f"{k}:{plain(v, 80)}" for k, v in verdict.errors.items())
            or "-",
            ms=seconds * 1000,
        )

    def reported(self, message_id: str, status: ReportStatus, evidence: str) -> None:
        """One line each time a report changes its state."""
        self._write(
            REPORTED,
            report=status.id,
            id=message_id,
            contact=plain(status.contact),
            evidence=_field(evidence),
            state=status.state.value,
            reason=_field(status.reason),
        )

    def not_reported(self, message_id: str, caller: str, why: str) -> None:
        """A request to report ended, and no new mail comes of it."""
        self._write(NOT_REPORTED, id=message_id, caller=_field(caller), why=why)

    def incident(self, incident: Incident) -> None:
        """An outbreak of a user of ours begins, or ends."""
        self._write(
            INCIDENT,
            id=incident.id,
            user=_field(incident.account),
            state=_field(
                f"closed by {incident.closed_by}" if incident.closed else "open"
            ),
            spam=incident.spam,
            complaints=incident.complaints,
            ips=",".join(incident.addresses[:10]) or "-",
            samples=",".join(incident.samples[:10]) or "-",
        )

    def relayed(self, message_id: str, replies: Sequence[Reply]) -> None:
        """The next hop answered for each recipient."""
        self._write(
            RELAYED,
            id=message_id,
            rcpts=len(replies),
            accepted=sum(reply.is_positive for reply in replies),
            reply=f"{replies[0].code} {replies[0].lines[0]}",
        )

    def not_relayed(self, message_id: str, why: str, *, uncertain: bool) -> None:
        """The next hop gave no answer; it may have the message if that is uncertain."""
        self._write(NOT_RELAYED, id=message_id, uncertain=uncertain, why=why)

    def _write(self, form: str, **values: object) -> None:
        line = form.format(**values)
        self._log.info("{line}", line=line)
        self.keep(str(values["id"]), line)


def _actions(
    worst: Action, decisions: Sequence[RecipientDecision], *, observed: bool
) -> str:
    """`also`: what became of it for other recipients; `would`: what we only observe."""
    others = {d.decision.action for d in decisions} - {worst}
    also = ",".join(sorted(map(_word, others)))
    words = f"no_action would={_word(worst)}" if observed else _word(worst)
    return f"{words} also={also}" if also else words


def _word(action: Action) -> str:
    return action.value.replace(" ", "_")
