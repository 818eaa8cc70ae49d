"""What the operator's own people are told of an incident: a mail, and JSON. Pure."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime

from attrs import asdict, frozen

from sc.model.incident import Incident
from sc.outbox.entry import NOTICE, WEBHOOK, NewReport
from sc.scan.outbreak_settings import OnOutbreak, OutbreakSettings

_NOW = {
    OnOutbreak.NOTIFY: "Nothing is held back (outbreak.on_outbreak: notify).",
    OnOutbreak.THROTTLE: "The user may send {throttle} messages an hour until it ends.",
    OnOutbreak.BLOCK: "All mail of this user is refused until it ends.",
}
_TEXT = """\
A user of yours sends spam.

User:        {user}
First seen:  {first}
Latest:      {last}
Spam:        {spam} messages
Complaints:  {complaints}
From:        {addresses}
Messages:    {samples}
Incident:    {id}

{now} It ends when nothing is seen for {quiet:g} seconds, or by

    scctl incidents close {id}

What to do now:

1. Change the user's password, and end the sessions that are open.
2. See what was sent: scctl explain {sample}
3. Take what still waits out of the mail server's queue.
4. Close the incident.
"""


@frozen
class NoticeWriter:
    """
    @ivar sender: the mailbox of `abuse_report.from`.
    @ivar host: ours, in the JSON and in Message-IDs.
    """

    settings: OutbreakSettings
    sender: str
    host: str

    def write(self, incident: Incident, content: bytes) -> Sequence[NewReport]:
        """
        One for each who is to be told.

        @param content: the beginning of a message of the user's; may be empty.
        """
        notices = []
        if self.settings.notify:
            mail = self._mail(incident, content)
            notices.append(self._new(incident, NOTICE, self.settings.notify, mail))
        if self.settings.webhook.url:
            # Where it goes is looked up when it goes: an URL may hold a secret.
            body = self._json(incident)
            notices.append(self._new(incident, WEBHOOK, WEBHOOK, body))
        return tuple(notices)

    def _new(self, incident: Incident, route: str, to: str, body: bytes) -> NewReport:
        return NewReport(
            key=f"{route}:{incident.id}",
            contact=to,
            message_id=incident.id,
            mail_from="",
            rcpt_to=to,
            mail=body,
            mail_message_id=self._message_id(incident),
            evidence=f"outbreak of {incident.account}",
            route=route,
        )

    def _message_id(self, incident: Incident) -> str:
        return f"<outbreak.{incident.id}@{self.host}>"

    def _mail(self, incident: Incident, content: bytes) -> bytes:
        mail = EmailMessage(policy=WIRE)
        mail["From"] = self.sender
        mail["To"] = self.settings.notify
        mail["Subject"] = f"Outbreak: {incident.account} sends spam"
        mail["Date"] = format_datetime(_time(incident.opened))
        mail["Message-ID"] = self._message_id(incident)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody answers it
        mail.set_content(self._text(incident), cte="quoted-printable")
        if content:
            mail.add_attachment(
                content,
                maintype="application",
                subtype="octet-stream",
                filename="message.txt",
            )
        return bytes(mail)

    def _text(self, incident: Incident) -> str:
        return _TEXT.format(
            user=incident.account,
            first=_time(incident.first).isoformat(),
            last=_time(incident.last).isoformat(),
            spam=incident.spam,
            complaints=incident.complaints,
            addresses=", ".join(incident.addresses) or "not known",
            samples=", ".join(incident.samples) or "not known",
            sample=incident.samples[-1] if incident.samples else "ID",
            id=incident.id,
            now=_NOW[self.settings.on_outbreak].format(throttle=self.settings.throttle),
            quiet=self.settings.quiet,
        )

    def _json(self, incident: Incident) -> bytes:
        told = {
            "event": "outbreak",
            "host": self.host,
            "on_outbreak": self.settings.on_outbreak.value,
            "incident": asdict(incident),
        }
        return json.dumps(told).encode()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
