"""One message as reports tell it: redacted and cut once a manner. Pure CPU work."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from attrs import define, evolve, field

from sc.abuse.arrival import arrival, instant
from sc.abuse.profiles import Manner
from sc.abuse.reports.original import Original, attach, excerpt
from sc.abuse.reports.recipients import Recipients, read_recipients
from sc.abuse.reports.redact import Redactor
from sc.abuse.reports.xarf import Report, Spam, write
from sc.content.unwrap import is_protected
from sc.content.urls import canonical
from sc.model.complaint import Complaint, Item, RelayItem, SenderItem
from sc.model.evidence import Evidence, Link
from sc.model.message import Message
from sc.model.xarf import LinkType, XarfReporter, XarfRequest

MAX_XARF = 20
"""XARF reports to one desk about one message: each is a mail with the message in it."""


@define
class Dossier:
    """
    @ivar written: when we write; aware.
    @ivar eight_bit: and `infected`: see `attach`.
    """

    message: Message
    evidence: Evidence
    written: datetime
    eight_bit: bool
    infected: bool
    _redaction_key: bytes = field(repr=False)
    _redactors: dict[bool, Redactor] = field(factory=dict, init=False)
    _originals: dict[tuple[bool, int], Original] = field(factory=dict, init=False)

    @property
    def arrived(self) -> datetime | None:
        return arrival(self.evidence, self.written)

    def redactor(self, *, redact: bool = True) -> Redactor:
        """For everything that is told about this message; idle if it is not wanted."""
        if redact not in self._redactors:
            recipients = Recipients()
            if redact:
                known = self.message.envelope.recipients
                recipients = read_recipients(self.message.content, known)
            self._redactors[redact] = Redactor(recipients, self._redaction_key)
        return self._redactors[redact]

    def original_for(self, complaint: Complaint, manner: Manner) -> Original:
        """The sender has the message: whoever knows it from us only needs the whole."""
        if all(isinstance(item, SenderItem) for item in complaint.items):
            redactor = self.redactor(redact=manner.redact)
            return excerpt(self.message.content, redactor)
        return self.original(manner)

    def original(self, manner: Manner) -> Original:
        wanted = (manner.redact, manner.attach_up_to)
        if wanted not in self._originals:
            self._originals[wanted] = attach(
                self.message.content,
                self.redactor(redact=manner.redact),
                manner.attach_up_to,
                eight_bit=self.eight_bit,
                infected=self.infected,
            )
        return self._originals[wanted]

    def xarf(
        self, manner: Manner, reporter: XarfReporter, items: Iterable[Item]
    ) -> Mapping[Item, Report]:
        """What XARF can tell of them; the rest lacks what the format requires."""
        named = manner.link_type
        sayable = [item for item in items if named or isinstance(item, RelayItem)]
        # The type is not read for a relay.
        asked = XarfRequest(reporter, named or LinkType.PHISHING)
        spam = Spam(
            self.message,
            self.evidence,
            self.redactor(redact=manner.redact),
            manner.attach_up_to,
            self.written,
        )
        return write(asked, spam, sayable[:MAX_XARF], apart=True).reports


def redacted(item: Item, redact: Callable[[str], str]) -> Item:
    """Links carry the recipient; HELO, reverse name and feedback id could."""
    if isinstance(item, RelayItem):
        relay = item.relay
        plain = evolve(
            relay,
            helo=redact(relay.helo) if relay.helo else None,
            rdns=redact(relay.rdns) if relay.rdns else None,
            date=instant(relay),
        )
        return evolve(item, relay=plain)
    if isinstance(item, SenderItem):
        return evolve(item, feedback_id=redact(item.feedback_id))
    return evolve(item, links=tuple(_redacted(link, redact) for link in item.links))


def _redacted(link: Link, redact: Callable[[str], str]) -> Link:
    """
    The recipient's own mail filter is nobody's business; whatever else led to the
    link is.
    """
    chain = (url for text in link.chain if (url := canonical(text)))
    way = tuple(redact(url.href) for url in chain if not is_protected(url))
    return evolve(link, url=redact(link.url), chain=way, part=redact(link.part))
