"""Spamhaus' submission portal: relays and, if it is told what they are, links. Pure."""

from collections.abc import Iterator, Mapping

from attrs import frozen

from sc.abuse.providers.provider import JSON, Submission, as_json, bearer, reason, urls
from sc.abuse.providers.settings import SpamhausSettings
from sc.abuse.reports.letter import Author, Incident


@frozen
class Spamhaus:
    settings: SpamhausSettings
    name: str = "spamhaus"
    content_type: str = JSON

    def submissions(self, incident: Incident, author: Author) -> Iterator[Submission]:
        why = reason(incident)
        for relay in incident.relays:
            yield self._one("ip", str(relay.ip), self.settings.threat_type, why)
        if self.settings.url_threat_type:
            for url in urls(incident)[:20]:
                yield self._one("url", url, self.settings.url_threat_type, why)

    def headers(self, key: str) -> Mapping[str, str]:
        return bearer(key)

    def _one(self, kind: str, about: str, threat: str, why: str) -> Submission:
        body = as_json(threat_type=threat, reason=why, source={"object": about})
        return Submission(about, f"submissions/add/{kind}", body)
