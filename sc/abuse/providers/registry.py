"""The providers that are switched on. Pure."""

from collections.abc import Iterator

from sc.abuse.providers.abuseipdb import AbuseIPDB
from sc.abuse.providers.cloudflare import Cloudflare
from sc.abuse.providers.netcraft import Netcraft
from sc.abuse.providers.provider import Provider
from sc.abuse.providers.settings import ProviderSettings
from sc.abuse.providers.spamhaus import Spamhaus


def besides_mail(settings: ProviderSettings) -> Iterator[Provider]:
    """They hear of all that a desk is written about."""
    if settings.spamhaus.enabled:
        yield Spamhaus(settings.spamhaus)
    if settings.netcraft.enabled:
        yield Netcraft(settings.netcraft)
    if settings.abuseipdb.enabled:
        yield AbuseIPDB(settings.abuseipdb)


def in_place_of_mail(settings: ProviderSettings) -> Iterator[Provider]:
    """Complaints to their name go to them, and to no desk."""
    if settings.cloudflare.enabled:
        yield Cloudflare(settings.cloudflare)
