"""Netcraft's report API: links. Pure."""

from collections.abc import Iterator, Mapping

from attrs import frozen

from sc.abuse.providers.provider import JSON, Submission, as_json, reason, urls
from sc.abuse.providers.settings import NetcraftSettings
from sc.abuse.reports.letter import Author, Incident


@frozen
class Netcraft:
    settings: NetcraftSettings
    name: str = "netcraft"
    content_type: str = JSON

    def submissions(self, incident: Incident, author: Author) -> Iterator[Submission]:
        found = urls(incident)
        if found:
            listed = [{"url": url} for url in found]
            body = as_json(email=author.address, reason=reason(incident), urls=listed)
            yield Submission(incident.hosts[0].host, "report/urls", body)

    def headers(self, key: str) -> Mapping[str, str]:
        return {}
