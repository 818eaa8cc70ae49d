"""A finder with its own clock, and a registry, DNS and whois without a network."""

from collections.abc import Mapping
from ipaddress import ip_address
from random import Random
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sc.abuse.contacts.bootstrap import Bootstrap
from sc.abuse.contacts.build import Outside, build_finder
from sc.abuse.contacts.finder import ContactError
from sc.abuse.contacts.memory import ContactMemory
from sc.abuse.contacts.settings import ContactSettings, SourceName
from sc.model.complaint import Contact, IPNetwork
from sc.model.envelope import IPAddress
from sc.net.fetcher import Fetched
from sc.net.resolver import NotFoundError, ResolveFailedError
from sc.net.whois import WhoisError
from sc.store.cache import Cache
from sc.store.memory_cache import MemoryCache
from sc.wire.dns import MailExchange
from tests.fakes import rdap
from tests.fakes.rdap import FakeRDAP
from tests.fakes.web import Request

DESK = "abuse@hosting.example"
NET = rdap.apnic("203.0.113.0/24", DESK)
IP = ip_address("203.0.113.80")
RDAP_ONLY = (SourceName.RDAP,)
_PREFIXES = ("registry/", "rdap/")


class Steady(Random):
    """No chance: pauses are as long as they are written down."""

    def random(self) -> float:
        return 0.0


@define
class FakeHops:
    """
    Answers from a fake registry without a network; each fetch takes `seconds`.

    @ivar broken: raised in place of an answer.
    @ivar web: HTTP answers by their whole URL.
    """

    clock: Clock
    answers: dict[str, Any]
    seconds: float = 0.0
    broken: Exception | None = None
    urls: list[str] = field(factory=list)
    at_once: int = 0
    most: int = 0
    paths: dict[str, Any] = field(factory=dict)
    url: str = ""
    web: dict[str, bytes] = field(factory=dict)

    async def get_once(self, url: str, accept: str, max_octets: int) -> Fetched:
        self.urls.append(url)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self._pause()
        finally:
            self.at_once -= 1
        if self.broken is not None:
            raise self.broken
        if url in self.web:
            return fetched(self.web[url], url)
        path = "/" + url.split("/", 3)[3].removeprefix("registry/").removeprefix(
            "rdap/"
        )
        answer = FakeRDAP(self.answers, self.paths).answer(Request("GET", path, {}))
        return fetched(answer, self.url or url)

    async def _pause(self) -> None:
        if self.seconds:
            done: Deferred[None] = Deferred(lambda _: call.cancel())
            call = self.clock.callLater(self.seconds, done.callback, None)
            await done


def fetched(answer: bytes, url: str) -> Fetched:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    return Fetched(int(first.split()[1]), headers, body, url)


@define
class FakeNames:
    """
    DNS from dicts.

    @ivar broken: names about which nobody can tell.
    @ivar asked: names of every question.
    """

    texts: dict[str, list[str]] = field(factory=dict)
    hosts: dict[str, list[str]] = field(factory=dict)
    pointers: dict[str, list[str]] = field(factory=dict)
    exchanges: dict[str, list[str]] = field(factory=dict)
    broken: set[str] = field(factory=set)
    asked: list[str] = field(factory=list)

    def _of(self, table: Mapping[str, list[str]], name: str) -> list[str]:
        self.asked.append(name)
        if name in self.broken:
            raise ResolveFailedError(f"{name} cannot be looked up: no server answers")
        if name not in table:
            raise NotFoundError(f"{name} is not there")
        return table[name]

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        return tuple(map(ip_address, self._of(self.hosts, host)))

    async def txt(self, name: str) -> tuple[bytes, ...]:
        return tuple(text.encode() for text in self._of(self.texts, name))

    async def mx(self, name: str) -> tuple[MailExchange, ...]:
        return tuple(MailExchange(0, host) for host in self._of(self.exchanges, name))

    async def ptr(self, ip: IPAddress) -> tuple[str, ...]:
        return tuple(self._of(self.pointers, str(ip)))


@define
class FakeWhois:
    """
    @ivar answers: by "server query"; without one the server cannot be reached.
    """

    answers: dict[str, str] = field(factory=dict)
    asked: list[str] = field(factory=list)

    async def ask(self, server: str, query: str) -> str:
        question = f"{server} {query}"
        self.asked.append(question)
        if question not in self.answers:
            raise WhoisError(f"{server} cannot be reached")
        return self.answers[question]


class Site:
    """A finder, its clock and its registry; only RDAP is asked unless told."""

    def __init__(
        self,
        answers: dict[str, Any] | None = None,
        own: tuple[IPNetwork, ...] = (),
        cache: Cache | None = None,
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        given = {"203.0.113.0/24": NET} if answers is None else answers
        self.registry = FakeHops(self.clock, given)
        self.names, self.whois = FakeNames(), FakeWhois()
        self.bootstrap = Bootstrap.shipped()
        outside = Outside(
            hops=self.registry,
            resolver=self.names,
            whois=self.whois,
            clock=self.clock,
            random=Steady(),
            bootstrap=self.bootstrap,
        )
        chosen = ContactSettings(**{"sources": RDAP_ONLY, **settings})
        cache = cache or MemoryCache(self.clock)
        memory = ContactMemory(chosen, cache, self.clock, Steady())
        self.finder = build_finder(chosen, outside, own, memory)

    def begin(self, ip: str = str(IP)) -> Deferred[Contact]:
        return Deferred.fromCoroutine(self.finder.find(ip_address(ip)))

    async def find(self, ip: str = str(IP)) -> Contact:
        return await self.finder.find(ip_address(ip))

    async def problem(self, ip: str = str(IP)) -> str:
        with pytest.raises(ContactError) as caught:
            await self.find(ip)
        return str(caught.value)

    @property
    def asked(self) -> int:
        return len(self.registry.urls)
