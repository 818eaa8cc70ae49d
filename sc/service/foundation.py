"""What every part stands on, and what stays over a reload."""

from collections.abc import Callable

from attrs import field, frozen
from twisted.python.threadpool import ThreadPool

from sc.abuse.bounces.desks import Desks
from sc.config.schema import Config
from sc.history.history import History
from sc.maillog import MailLog
from sc.metrics import Metrics
from sc.net.resolver import DNSResolver
from sc.offload import Offload
from sc.outbox.gate import Gate
from sc.outbox.outbox import Outbox
from sc.programs.scratch import Scratch
from sc.scan.seen import SeenFile, SeenMemory
from sc.service.caching import build_cache
from sc.service.identity import hostname, id_source, node_name
from sc.service.loop_delay import LoopDelay
from sc.service.surroundings import Surroundings
from sc.service.timers import SteadyTimers
from sc.service.tokens import NAME, admin_token
from sc.store.cache import Cache
from sc.store.choose import choose_store
from sc.store.counted_cache import CountedCache
from sc.store.interface import DurableStore
from sc.store.state_dir import StateDir

STORE_FILE = "sc.db"
SEEN_FILE = "scanners-seen.json"
SCRATCH_FOLDER = "scratch"


@frozen
class Foundation:
    """
    @ivar token: of the operator, from the state folder.
    @ivar hostname: ours, in greetings and trace fields.
    @ivar node: our name among the nodes that share a store.
    """

    around: Surroundings
    state: StateDir
    pool: ThreadPool
    timers: SteadyTimers
    offload: Offload
    scratch: Scratch
    resolver: DNSResolver
    cache: Cache
    store: DurableStore
    history: History
    memory: SeenMemory
    desks: Desks
    outbox: Outbox
    gate: Gate
    maillog: MailLog
    metrics: Metrics
    loop_delay: LoopDelay
    new_id: Callable[[], str]
    token: str = field(repr=False)
    hostname: str
    node: str

    async def close(self) -> None:
        """Give back threads, files and sockets; safe if nothing was started."""
        await self.history.stop()
        await self.store.close()
        await self.cache.close()
        self.loop_delay.stop()
        self.timers.stop()
        self.pool.stop()


def lay(config: Config, around: Surroundings, state: StateDir) -> Foundation:
    """
    Nothing listens, and no file but the secrets is open.

    @raise StateDirError: the state folder cannot be used.
    @raise StoreError: what the store needs is not installed.
    """
    reactor = around.reactor
    pool = ThreadPool(0, config.threads, "sc.offload")
    offload = Offload(reactor, pool)
    new_id = id_source(around.random)
    host = hostname()
    node = node_name(state.key("node.key"), host)
    store = choose_store(config.store, state.path(STORE_FILE), reactor)
    history = History(store, reactor, config.history)
    metrics = Metrics()
    maillog = MailLog(keep=history.keep)
    outbox = Outbox(store, reactor, new_id, config.outbox, maillog, node)
    outbox.rules = config.abuse_report.rules
    desks = Desks(store, reactor, config.abuse_report.bounces)
    outbox.settled = desks.settled
    return Foundation(
        around=around,
        state=state,
        pool=pool,
        timers=SteadyTimers(reactor),
        offload=offload,
        scratch=Scratch(state.path(SCRATCH_FOLDER), offload),
        resolver=DNSResolver(config.resolver, reactor),
        store=store,
        cache=CountedCache(build_cache(config.cache, reactor), metrics),
        history=history,
        memory=SeenFile(state.path(SEEN_FILE)),
        desks=desks,
        outbox=outbox,
        gate=Gate(store, reactor, outbox),
        maillog=maillog,
        metrics=metrics,
        loop_delay=LoopDelay(reactor, metrics.delayed),
        new_id=new_id,
        token=admin_token(state.path(NAME)),
        hostname=host,
        node=node,
    )
