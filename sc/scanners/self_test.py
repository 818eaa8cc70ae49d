"""Messages with which a scanner shows that it works; made here, so no scanner minds."""

from email.message import EmailMessage
from email.policy import SMTP

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.scanners.patterns import PATTERNS

_EICAR = next(p.text for p in PATTERNS if p.symbol == "EICAR")


def clean() -> Message:
    """Nothing is in it."""
    return _message(_mail("clean"))


def infected() -> Message:
    """EICAR's test file, attached."""
    mail = _mail("with EICAR's test file")
    mail.add_attachment(
        _EICAR, maintype="application", subtype="octet-stream", filename="eicar.com"
    )
    return _message(mail)


def _mail(what: str) -> EmailMessage:
    mail = EmailMessage(SMTP)
    mail["From"] = mail["To"] = "postmaster@localhost.invalid"
    mail["Date"] = "Thu, 01 Jan 2026 00:00:00 +0000"
    mail["Message-ID"] = "<self-test@localhost.invalid>"
    mail["Subject"] = f"self-test, {what}"
    mail.set_content("A scanner tests itself with this message.\r\n")
    return mail


def _message(mail: EmailMessage) -> Message:
    return Message("self-test", Envelope(), mail.as_bytes())
