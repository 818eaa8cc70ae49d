"""Where the owner of a domain says what to do with mail that is not his (RFC 7489)."""

from attrs import frozen

from sc.content.dmarc_record import Policy, Record, read_record, select
from sc.content.domains import registered
from sc.net.dkim_keys import Texts
from sc.net.resolver import NotFoundError


@frozen
class Published:
    """
    @ivar policy: the record's, for the domain that was asked about.
    """

    record: Record
    policy: Policy


async def find_policy(resolver: Texts, domain: str) -> Published | None:
    """
    RFC 7489 6.6.3: what the domain publishes, else its organisational domain.

    @param domain: in lower case, in A-labels.
    @raise RecordError: what is published cannot be used.
    @raise ResolveError: nobody could tell.
    """
    for name in dict.fromkeys((domain, registered(domain))):
        record = await _record(resolver, name)
        if record is not None:
            own = name == domain
            return Published(record, record.policy if own else record.subdomains)
    return None


async def _record(resolver: Texts, domain: str) -> Record | None:
    try:
        found = select(await resolver.txt(f"_dmarc.{domain}"))
    except NotFoundError:
        return None
    return None if found is None else read_record(found)
