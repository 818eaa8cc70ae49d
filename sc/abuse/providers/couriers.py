"""A courier for each provider that is switched on."""

from collections.abc import Mapping

from twisted.internet.interfaces import IReactorTime

from sc.abuse.providers.courier import ProviderCourier
from sc.abuse.providers.registry import besides_mail, in_place_of_mail
from sc.abuse.settings import AbuseReportSettings
from sc.net.fetcher import Poster


def build_couriers(
    settings: AbuseReportSettings, poster: Poster, clock: IReactorTime
) -> Mapping[str, ProviderCourier]:
    """By name: the route of a report."""
    every = settings.providers
    return {
        one.name: ProviderCourier(one, poster, clock)
        for one in (*in_place_of_mail(every), *besides_mail(every))
    }
