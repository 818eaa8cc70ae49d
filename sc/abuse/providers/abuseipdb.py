"""AbuseIPDB: relays. What it is told is published: the address and the time. Pure."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from attrs import frozen

from sc.abuse.providers.provider import Submission, reason
from sc.abuse.providers.settings import AbuseipdbSettings
from sc.abuse.reports.letter import Author, Incident


@frozen
class AbuseIPDB:
    settings: AbuseipdbSettings
    name: str = "abuseipdb"
    content_type: str = "application/x-www-form-urlencoded"

    def submissions(self, incident: Incident, author: Author) -> Iterator[Submission]:
        for relay in incident.relays:
            form = {
                "ip": str(relay.ip),
                "categories": ",".join(map(str, self.settings.categories)),
                "comment": reason(incident),
            }
            body = urlencode(form).encode("ascii")
            # It takes an address once in 15 minutes, asks for once a day, and has a
            # quota.
            yield Submission(str(relay.ip), "report", body, daily=True)

    def headers(self, key: str) -> Mapping[str, str]:
        return {"Key": key}
