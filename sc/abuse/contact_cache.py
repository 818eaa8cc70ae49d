"""What we learnt about networks: contacts, and that there is none; losable."""

from collections import OrderedDict

from attrs import frozen

from sc.abuse.ranges import NetworkTable
from sc.model.complaint import Contact, IPNetwork
from sc.model.envelope import IPAddress


@frozen
class Known:
    """
    @ivar contact: None if there is none; `problem` then says why.
    @ivar form: a web page that takes reports in place of a mailbox.
    @ivar learnt: when the registry said so, in seconds of the clock.
    @ivar expires: when it must be asked for again.
    """

    networks: tuple[IPNetwork, ...]
    contact: Contact | None
    learnt: float
    expires: float
    problem: str = ""
    form: str = ""


class ContactCache:
    """
    Networks to what is known of them; an address finds its own.

    @param size: networks; the one used least recently is forgotten first.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._table: NetworkTable[Known] = NetworkTable()
        self._order: OrderedDict[IPNetwork, None] = OrderedDict()

    def put(self, known: Known) -> None:
        for network in known.networks:
            self._table.put(network, known)
            self._order[network] = None
            self._order.move_to_end(network)
        while len(self._order) > self._size:
            forgotten, _ = self._order.popitem(last=False)
            self._table.remove(forgotten)

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
