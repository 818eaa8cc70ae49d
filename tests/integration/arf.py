"""A report that has arrived, read by the standard library as a desk's software does."""

import email
import email.policy
from email.message import EmailMessage, Message

from attrs import frozen


@frozen
class ARF:
    """
    @ivar envelope: the paths that smtp-sink noted above the mail.
    @ivar fields: of the mail itself.
    @ivar words: the part for people.
    @ivar feedback: the part for software, by field.
    @ivar original: the message that it is about.
    """

    envelope: dict[str, str]
    mail: EmailMessage
    words: str
    feedback: Message
    original: EmailMessage


def read(dump: bytes) -> ARF:
    """A dump of smtp-sink."""
    mail = email.message_from_bytes(dump, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    words, feedback, original = mail.iter_parts()
    kinds = [part.get_content_type() for part in (words, feedback, original)]
    assert kinds == ["text/plain", "message/feedback-report", "message/rfc822"]
    inner = feedback.get_payload(0)  # the parser takes message/* for a message
    attached = original.get_content()
    assert isinstance(inner, Message)
    assert isinstance(attached, EmailMessage)
    envelope = {name: mail[f"X-{name}-Args"].split()[0] for name in ("Mail", "Rcpt")}
    return ARF(envelope, mail, words.get_content(), inner, attached)


def sent(dump: bytes) -> bytes:
    """The mail as we sent it, without what smtp-sink wrote above it."""
    text = dump.replace(b"\r\n", b"\n")
    return text[text.index(b"\nFrom: ") + 1 :].replace(b"\n", b"\r\n")
