"""Cloudflare's Abuse Reports API: links, one request a host name. Pure."""

from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from sc.abuse.providers.provider import JSON, Submission, as_json, bearer, reason, urls
from sc.abuse.providers.settings import CloudflareSettings
from sc.abuse.reports.letter import Author, Incident, printable
from sc.model.complaint import Item, LinkItem

NAME = "cloudflare"
DOMAIN = "@cloudflare.com"


def takes(settings: CloudflareSettings, item: Item) -> bool:
    """Whether it stands before this host, whatever the registry names."""
    if not settings.enabled or not isinstance(item, LinkItem):
        return False
    return item.contact.address.lower().endswith(DOMAIN) or any(
        ip in network for ip in item.ips for network in settings.networks
    )


@frozen
class Cloudflare:
    settings: CloudflareSettings
    name: str = NAME
    content_type: str = JSON

    def submissions(self, incident: Incident, author: Author) -> Iterator[Submission]:
        act = self.settings.act.value
        for item in incident.hosts:
            complaint = evolve(incident.complaint, items=(item,))
            one = urls(evolve(incident, complaint=complaint))
            if one:
                yield Submission(
                    item.host,
                    f"accounts/{self.settings.account_id}/abuse-reports/{act}",
                    as_json(
                        act=act,
                        email=author.address,
                        email2=author.address,
                        name=printable(author.name or author.domain),
                        urls="\n".join(one),
                        host_notification=self.settings.host_notification.value,
                        # The owner is who spams, and must not learn who complains.
                        owner_notification="none",
                        justification=f"{reason(incident)} has these links.",
                    ),
                )

    def headers(self, key: str) -> Mapping[str, str]:
        return bearer(key)
