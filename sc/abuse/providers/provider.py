"""What every provider is: who it is, what it takes, and how it wants it. Pure.

A provider is a third party: all that it is told is redacted, and none of these gets
the message itself.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from attrs import frozen

from sc.abuse.providers.settings import ServiceSettings
from sc.abuse.reports.letter import Author, Incident, printable, utc

JSON = "application/json"
MAX_URLS = 100
MAX_URL = 2000


@frozen
class Submission:
    """
    One thing that is told.

    @ivar about: an address or a host, for the log and to know it again.
    @ivar path: below the provider's base.
    @ivar daily: it is told once a day, whatever the message.
    """

    about: str
    path: str
    body: bytes
    daily: bool = False


class Provider(Protocol):
    @property
    def settings(self) -> ServiceSettings: ...

    @property
    def name(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    def submissions(self, incident: Incident, author: Author) -> Iterator[Submission]:
        """What it takes of an incident, which is redacted."""
        ...

    def headers(self, key: str) -> Mapping[str, str]:
        """How it wants the key."""
        ...


def bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}


def as_json(**values: Any) -> bytes:
    return json.dumps(values).encode("ascii")


def reason(incident: Incident) -> str:
    """In a few words, without a name of ours or of a recipient."""
    time = utc(incident.arrived or incident.written)
    return f"Unsolicited bulk mail (spam) received at {time}"


def urls(incident: Incident) -> tuple[str, ...]:
    """Of links that navigate; half of a long one would lead elsewhere."""
    found = [link.url for item in incident.hosts for link in item.links]
    fitting = [printable(url, MAX_URL) for url in found if len(url) <= MAX_URL]
    return tuple(dict.fromkeys(fitting))[:MAX_URLS]
