"""What users of a cache rely on; run over memory, the fakes and the real servers."""

from ipaddress import ip_address, ip_network

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred

from sc.abuse.contacts.cache import ContactCache
from sc.abuse.contacts.record import Known
from sc.model.complaint import Contact, IPNetwork
from sc.store.cache import Cache
from sc.wire.cache_codec import MAX_KEYS, MAX_VALUE
from tests.fakes import rdap
from tests.fakes.contacts import DESK, Site

NOW = 1_800_000_000.0
V4, V6 = ip_network("203.0.113.0/24"), ip_network("2001:db8:40::/44")


def known(*networks: IPNetwork, desk: str = "abuse@x.example") -> Known:
    contact = Contact(
        desk, "rdap", "its only role is abuse", networks[0], ("a@x.example",)
    )
    return Known(networks, contact, NOW, NOW + 3600.0)


def contacts(cache: Cache, realm: str = "realm") -> ContactCache:
    """A node that knows nothing but what is in the cache."""
    return ContactCache(100, cache, realm)


class CacheContract:
    """Subclasses give `cache`, a fixture."""

    async def test_values(self, cache: Cache) -> None:
        """What was set is there, octet by octet; what was not is not."""
        values = {"a": b"", "b": b"\r\nEND\r\n\0$-1\r\n", "c": bytes(range(256)) * 9}
        await cache.set_many(values, 60.0)
        assert await cache.get_many(["a", "x", "b", "c"]) == values
        assert await cache.get_many([]) == {}

    async def test_overwriting(self, cache: Cache) -> None:
        """The last value counts."""
        await cache.set_many({"a": b"old"}, 60.0)
        await cache.set_many({"a": b"new"}, 60.0)
        assert await cache.get_many(["a"]) == {"a": b"new"}

    @pytest.mark.parametrize(
        "key", ["a b", "a\r\nset x 0 0 1", "k" * 400, "\u0431", ""]
    )
    async def test_any_key(self, cache: Cache, key: str) -> None:
        """Blanks, line ends, any length and any script: keys are texts."""
        await cache.set_many({key: b"1"}, 60.0)
        assert await cache.get_many([key, "other"]) == {key: b"1"}

    async def test_many_keys(self, cache: Cache) -> None:
        """More keys than one question takes."""
        values = {f"key {n}": b"%d" % n for n in range(2 * MAX_KEYS + 1)}
        await cache.set_many(values, 60.0)
        assert await cache.get_many(values) == values

    async def test_largest_value(self, cache: Cache) -> None:
        """A value may have 64 KiB; a larger one is not kept, and harms no other."""
        whole = b"\r\n" * (MAX_VALUE // 2)
        await cache.set_many({"large": whole, "huge": whole + b"x"}, 60.0)
        assert await cache.get_many(["large", "huge"]) == {"large": whole}

    async def test_long_and_short_ttl(self, cache: Cache) -> None:
        """A year is cut to what the server can keep; a moment is at least kept."""
        await cache.set_many({"long": b"1"}, 31_536_000.0)
        await cache.set_many({"short": b"1"}, 9.5)
        assert await cache.get_many(["long", "short"]) == {"long": b"1", "short": b"1"}

    async def test_counters(self, cache: Cache) -> None:
        """They begin at 0, and each addition says what they are now."""
        assert await cache.add_many({"n:a": 1, "n:b": 5}, 60.0) == {"n:a": 1, "n:b": 5}
        assert await cache.add_many({"n:a": 2, "n:c d": 0}, 60.0) == {
            "n:a": 3,
            "n:c d": 0,
        }
        assert await cache.add_many({}, 60.0) == {}

    async def test_many_counters(self, cache: Cache) -> None:
        """More counters than one question takes."""
        amounts = {f"n {n}": n for n in range(2 * MAX_KEYS + 1)}
        assert await cache.add_many(amounts, 60.0) == amounts

    async def test_no_addition_is_lost(self, cache: Cache) -> None:
        """Each of many at once counts, and each sees another number."""
        adding = [
            Deferred.fromCoroutine(cache.add_many({"n:a": 1}, 60.0)) for _ in range(50)
        ]
        seen = [(await one)["n:a"] for one in adding]
        assert sorted(seen) == list(range(1, 51))

    async def test_a_value_is_no_counter(self, cache: Cache) -> None:
        """What cannot be added to is left out, and stays what it is."""
        await cache.set_many({"a": b"text"}, 60.0)
        assert "a" not in await cache.add_many({"a": 1}, 60.0)
        assert await cache.get_many(["a"]) == {"a": b"text"}
        assert await cache.add_many({"n:a": 1}, 60.0) == {"n:a": 1}

    async def test_an_address_finds_its_network(self, cache: Cache) -> None:
        """What one node learnt of a network serves all its addresses on another."""
        await contacts(cache).put(known(V4), 60.0)
        await contacts(cache).put(known(V6, desk="six@x.example"), 60.0)
        other = contacts(cache)
        for text, desk in (
            ("203.0.113.0", "abuse@x.example"),
            ("203.0.113.255", "abuse@x.example"),
            ("2001:db8:4f:ffff::1", "six@x.example"),
        ):
            ip = ip_address(text)
            await other.recall(ip, NOW)
            found = other.fresh(ip, NOW)
            assert found is not None
            assert found.contact is not None
            assert found.contact.address == desk
        for text in ("203.0.112.1", "2001:db8:50::1"):
            await other.recall(ip_address(text), NOW)
            assert other.fresh(ip_address(text), NOW) is None

    async def test_the_smallest_network_counts(self, cache: Cache) -> None:
        """The whole record comes back, of the smallest network that is known."""
        node, other = contacts(cache), contacts(cache)
        await node.put(known(ip_network("203.0.0.0/16"), desk="big@x.example"), 60.0)
        await node.put(known(V4, ip_network("198.51.100.0/24")), 60.0)
        await other.recall(ip_address("203.0.113.9"), NOW)
        expected = known(V4, ip_network("198.51.100.0/24"))
        assert other.fresh(ip_address("203.0.113.9"), NOW) == expected

    async def test_other_sources_other_answers(self, cache: Cache) -> None:
        """A node that asks other sources does not take this one's word."""
        await contacts(cache).put(known(V4), 60.0)
        other = contacts(cache, "other")
        await other.recall(ip_address("203.0.113.9"), NOW)
        assert other.fresh(ip_address("203.0.113.9"), NOW) is None

    async def test_own_trouble_is_not_shared(self, cache: Cache) -> None:
        """That we could not ask says nothing to the other nodes."""
        failed = evolve(known(V4), contact=None, problem="no route", lasting=False)
        await contacts(cache).put(failed, 60.0)
        other = contacts(cache)
        await other.recall(ip_address("203.0.113.9"), NOW)
        assert other.fresh(ip_address("203.0.113.9"), NOW) is None

    async def test_one_lookup_a_network(self, cache: Cache) -> None:
        """A thousand addresses of fifty networks: fifty lookups, on all nodes."""
        blocks = [f"{block}.{n}" for block in (23, 41, 58, 193, 200) for n in range(10)]
        nets = {f"{b}.0.0/24": rdap.apnic(f"{b}.0.0/24", DESK) for b in blocks}
        ips = [f"{b}.0.{host}" for host in range(1, 21) for b in blocks]
        for lookups in (50, 0):
            site = Site(nets, cache=cache, rate=1e4, burst=1000)
            work = [site.begin(ip) for ip in ips]
            assert {(await found).address for found in work} == {DESK}
            assert site.asked == lookups
