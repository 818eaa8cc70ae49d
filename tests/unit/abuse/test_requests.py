"""sc.abuse.requests: what is committed comes back as it was."""

from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from mmap import mmap

import pytest
import pytest_twisted

from sc.abuse.requests import MAX_ATTEMPTS, GivenUpError, Requests
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.report import Boundary, ReportRequest
from sc.outbox.settings import TAKEOVER
from sc.store.interface import StoreError
from tests.fakes.abuse import message
from tests.fakes.outbox import NOW, Bench

ENVELOPE = Envelope(
    sender="",
    recipients=("bob@example.org", "zoë@example.org", "\udcff@x"),
    client_ip=ip_address("2001:db8::7"),
    client_port=51234,
    helo="bad.example",
)
REQUEST = ReportRequest(
    True,
    Boundary(("mx",), ("example.org",), (ip_network("192.0.2.0/24"),), True),
    "token",
)


@pytest_twisted.async_yield_fixture
async def bench(place: str) -> AsyncIterator[Bench]:
    made = Bench.make(place)
    yield made
    await made.store.close()


@pytest.mark.parametrize(
    ("envelope", "request_"),
    [(ENVELOPE, REQUEST), (Envelope(), ReportRequest())],
)
async def test_same(bench: Bench, envelope: Envelope, request_: ReportRequest) -> None:
    """Message, envelope and request come back without a change."""
    requests = Requests(bench.store)
    told = Message("m1", envelope, b"A: b\r\n\r\n\0\xff", "lmtp")
    await requests.add(told, request_, 1.0)
    assert await requests.begin("m1", NOW) == (told, request_)


async def test_mapped_file(bench: Bench) -> None:
    """A message that lies in a file is committed whole."""
    requests = Requests(bench.store)
    with mmap(-1, 10) as mapped:
        mapped.write(b"0123456789")
        await requests.add(Message("m1", Envelope(), mapped), ReportRequest(), 1.0)
    begun = await requests.begin("m1", NOW)
    assert begun is not None
    assert begun[0].content == b"0123456789"


async def test_order(bench: Bench) -> None:
    """The oldest comes first, and what is done is gone."""
    requests = Requests(bench.store)
    for name, now in (("b", 2.0), ("a", 2.0), ("c", 1.0)):
        await requests.add(message(message_id=name), REQUEST, now)
    assert await requests.ids(NOW) == ("c", "a", "b")
    await requests.remove("a")
    assert await requests.ids(NOW) == ("c", "b")
    assert await requests.begin("a", NOW) is None


async def test_twice(bench: Bench) -> None:
    """The same request again changes nothing."""
    requests = Requests(bench.store)
    await requests.add(message(), REQUEST, 1.0)
    await requests.add(message(b"other"), REQUEST, 2.0)
    begun = await requests.begin("m1", NOW)
    assert begun == (message(), REQUEST)


async def test_given_up(bench: Bench) -> None:
    """A request that was begun five times without an end is given up."""
    requests = Requests(bench.store)
    await requests.add(message(), REQUEST, 1.0)
    await requests.begin("m1", NOW)
    await requests.put_back("m1")
    for _ in range(MAX_ATTEMPTS):
        assert await requests.begin("m1", NOW)
    with pytest.raises(GivenUpError, match="5 times"):
        await requests.begin("m1", NOW)
    assert await requests.ids(NOW) == ()


async def test_not_taken(bench: Bench) -> None:
    """When it cannot be committed the caller is told."""
    await bench.store.close()
    with pytest.raises(StoreError):
        await Requests(bench.store).add(message(), REQUEST, 1.0)


async def test_another_node(bench: Bench) -> None:
    """A request is its node's; a dead node's is another one's after an hour."""
    here, there = Requests(bench.store, "a"), Requests(bench.store, "b")
    await here.add(message(), REQUEST, NOW)
    assert (await here.ids(NOW), await there.ids(NOW)) == (("m1",), ())
    assert await there.begin("m1", NOW) is None
    late = NOW + TAKEOVER
    assert await there.ids(late) == ("m1",)
    assert await there.begin("m1", late) == (message(), REQUEST)
    assert await here.ids(late) == ()
    assert await here.begin("m1", late) is None
