"""What an operator reads: one line a message, one a report, in named fields."""

import re

from attrs import field, frozen
from twisted.logger import Logger

from sc.model.decision import RecipientDecision
from sc.model.message import Message
from sc.model.report import ReportStatus
from sc.model.verdict import Verdict

_UNSAFE = re.compile(r"[^\x21-\x7e]")


def plain(text: str, limit: int = 200) -> str:
    """A stranger's text as one printable word, cut at `limit` characters."""
    word = _UNSAFE.sub("_", text[: limit + 1])
    return word if len(word) <= limit else word[:limit] + "..."


def _field(value: object) -> str:
    return plain(str(value)) if value not in (None, "") else "-"


@frozen
class MailLog:
    """Writes the two lines that everything else can be found by."""

    _log: Logger = field(factory=lambda: Logger("sc.maillog"))

    def scanned(
        self,
        message: Message,
        direction: str,
        verdict: Verdict,
        decisions: tuple[RecipientDecision, ...],
        seconds: float,
    ) -> None:
        """One line a message; the first decision stands for all, `actions` tells."""
        envelope = message.envelope
        first = decisions[0].decision
        self._log.info(
            "scanned id={id} listener={listener} direction={direction} ip={ip}"
            " user={user} from={sender} rcpts={rcpts} size={size} action={action}"
            " reason={reason} score={score:.2f} symbols={symbols} errors={errors}"
            " ms={ms:.0f}",
            id=message.id,
            listener=message.listener or "-",
            direction=direction,
            ip=_field(envelope.client_ip),
            user=_field(envelope.user),
            sender="<>" if envelope.sender == "" else _field(envelope.sender),
            rcpts=len(envelope.recipients),
            size=len(message.content),
            action=first.action.value.replace(" ", "_"),
            reason=first.reason.value,
            score=first.score,
            symbols=",".join(s.name for s in first.symbols[:50]) or "-",
            errors=",".join(f"{k}:{plain(v, 80)}" for k, v in verdict.errors.items())
            or "-",
            ms=seconds * 1000,
        )

    def reported(self, message_id: str, status: ReportStatus, evidence: str) -> None:
        """One line each time a report changes its state."""
        self._log.info(
            "report id={report} message={id} contact={contact} evidence={evidence}"
            " state={state} reason={reason}",
            report=status.id,
            id=message_id,
            contact=plain(status.contact),
            evidence=_field(evidence),
            state=status.state.value,
            reason=_field(status.reason),
        )
