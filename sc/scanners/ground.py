"""What scanners stand on; each takes what it needs."""

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from sc.net.fetcher import GuardedFetcher
from sc.net.resolver import DNSResolver
from sc.offload import Offload
from sc.programs.scratch import Scratch
from sc.scanners.senders import Senders
from sc.store.cache import Cache


@frozen
class Ground:
    """
    @ivar cache: shared with other nodes, and with whoever else writes to it.
    @ivar scratch: for messages as files.
    @ivar ignored_hosts: links to these, and to all below them, mean nothing.
    """

    reactor: IReactorTime
    offload: Offload
    senders: Senders
    resolver: DNSResolver
    cache: Cache
    scratch: Scratch
    fetcher: GuardedFetcher
    ignored_hosts: frozenset[str] = frozenset()
