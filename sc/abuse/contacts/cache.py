"""What we learnt about networks: contacts, and that there is none; losable.

It is kept twice: in a table of our own, where an address finds its network without
waiting, and in the cache, which other nodes may share. There each network has a key,
and the few lengths that a range can have make all keys around an address known: one
question finds its network.
"""

from collections import OrderedDict

from twisted.logger import Logger

from sc.abuse.contacts.ranges import NetworkTable, block, shared_around, shared_name
from sc.abuse.contacts.record import Known, dump, parse
from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress
from sc.store.cache import Cache


class ContactCache:
    """
    Networks to what is known of them; an address finds its own.

    @param size: networks in our own table; the one used least recently is forgotten
        first.
    @param cache: where the others learn of it, and where it outlives us.
    @param realm: tells answers of different sources apart.
    """

    _log = Logger()

    def __init__(self, size: int, cache: Cache, realm: str) -> None:
        self.size = size
        self.realm = realm
        self._cache = cache
        self._table: NetworkTable[Known] = NetworkTable()
        self._order: OrderedDict[IPNetwork, None] = OrderedDict()
        self._told = False

    async def put(self, known: Known, ttl: float) -> None:
        """@param ttl: seconds for which the cache keeps it."""
        for network in known.networks:
            self._hold(network, known)
        record = dump(known)
        # Nobody is told what cannot be read again: a text that a registry bent.
        if known.lasting and parse(record, known.learnt) is not None:
            names = filter(None, map(shared_name, known.networks))
            await self._cache.set_many({self._key(n): record for n in names}, ttl)

    async def recall(self, ip: IPAddress, now: float) -> None:
        """Take over what the cache knows of the networks around an address."""
        lengths = {self._key(n): length for n, length in shared_around(ip).items()}
        for key, record in (await self._cache.get_many(lengths)).items():
            known, network = parse(record, now), block(ip, lengths[key])
            if known is None or network not in known.networks:
                self._tell(key)
                continue
            ours = self._table.get(network)
            if ours is None or ours.learnt < known.learnt:
                self._hold(network, known)

    def fresh(self, ip: IPAddress, now: float) -> Known | None:
        """
        What may be answered without asking.

        A contact that has grown old hides the larger networks around it: they are
        somebody else's. A failure that has grown old hides nothing.
        """
        for network, known in self._table.matches(ip):
            if known.expires > now:
                self._order.move_to_end(network)
                return known
            if known.contact is not None:
                return None
        return None

    def stale(self, ip: IPAddress, oldest: float) -> Known | None:
        """The last contact that was known for an address, learnt after `oldest`."""
        for _, known in self._table.matches(ip):
            if known.contact is not None:
                return known if known.learnt >= oldest else None
        return None

    def _key(self, name: str) -> str:
        return f"contact:{self.realm}:{name}"

    def _hold(self, network: IPNetwork, known: Known) -> None:
        self._table.put(network, known)
        self._order[network] = None
        self._order.move_to_end(network)
        while len(self._order) > self.size:
            forgotten, _ = self._order.popitem(last=False)
            self._table.remove(forgotten)

    def _tell(self, key: str) -> None:
        """Once: who writes rubbish writes more of it."""
        if not self._told:
            self._told = True
            self._log.warn(
                "the cache holds what sc did not write ({key}): not used; does"
                " anything else write to cache.namespace?",
                key=key,
            )
