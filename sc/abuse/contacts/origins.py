"""Which AS announces an address: Team Cymru's list, by DNS."""

from attrs import frozen

from sc.abuse.contacts.ranges import prefixes
from sc.abuse.contacts.sources.reverse import reversed_labels
from sc.model.envelope import IPAddress
from sc.net.resolver import NotFoundError, RecordResolver

MAX_NUMBERS = 10
_REGISTRIES = {"ripencc": "ripe"}


@frozen
class Origin:
    """
    @ivar numbers: of the ASes; more than one if several announce the same network.
    @ivar registry: the one that gave the network out, or "".
    """

    numbers: tuple[int, ...] = ()
    registry: str = ""


async def origin(resolver: RecordResolver, zone: str, ip: IPAddress) -> Origin:
    """
    The ASes that announce the smallest network around an address.

    @param zone: `asn.cymru.com`, or who offers the same.
    @raise ResolveError: nobody could tell.
    """
    family = "origin" if ip.version == 4 else "origin6"
    try:
        texts = await resolver.txt(f"{reversed_labels(ip)}.{family}.{zone}")
    except NotFoundError:
        return Origin()
    # "64500 64501 | 198.51.100.0/24 | US | arin | 2010-07-14", one for each network.
    read = [text.decode("latin-1").split("|") for text in texts]
    told = [_read(fields) for fields in read]
    return max(told, key=lambda t: t[0], default=(0, Origin()))[1]


def _read(fields: list[str]) -> tuple[int, Origin]:
    words = [field.strip() for field in fields] + [""] * 4
    told = words[0].split()[:MAX_NUMBERS]
    numbers = tuple(int(n) for n in told if n.isascii() and n.isdigit() and len(n) < 11)
    length = max((n.prefixlen for n in prefixes(words[1])), default=0)
    registry = words[3].lower()
    return length, Origin(numbers, _REGISTRIES.get(registry, registry))
