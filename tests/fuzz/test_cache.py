"""The cache: whatever a server sends, `ProtocolError` at most; whatever lies there,
a contact that we could have written, or nothing."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sc.abuse.contacts.mailbox import mailbox
from sc.abuse.contacts.record import Known, dump, parse
from sc.wire.cache_codec import CacheCodec, ProtocolError
from sc.wire.memcached import MemcachedCodec
from sc.wire.redis import RedisCodec
from tests.contract.cache import NOW, V4, V6, known

WORDS = [
    *(
        b"*2",
        b"$1",
        b"$-1",
        b"$0",
        b"+OK",
        b"-ERR x",
        b":1",
        b":x",
        b"\r\n",
        b"\r",
        b"1",
    ),
    *(
        b"VALUE a 0 1",
        b"VALUE b 0 0",
        b"END",
        b"STORED",
        b"NOT_FOUND",
        b"SERVER_ERROR x",
        b"ERROR",
    ),
]
STREAMS = st.lists(st.sampled_from(WORDS) | st.binary(max_size=6), max_size=12)


@given(st.sampled_from([RedisCodec, MemcachedCodec]), STREAMS)
def test_only_protocol_error(make: type[CacheCodec], chunks: list[bytes]) -> None:
    """However it is cut."""
    whole, cut = make(), make()
    results = []
    for codec, pieces in ((whole, [b"".join(chunks)]), (cut, chunks)):
        codec.get((b"a", b"b"))
        codec.put({b"a": b"1"}, 1)
        codec.get((b"b",))
        codec.add({b"a": 1}, 1)
        told: list[object] = []
        with suppress(ProtocolError):
            for piece in pieces:
                told += codec.receive_data(piece)
        results.append(told)
    # A piece that ends in an error tells nothing of what came whole before it.
    assert results[1][: len(results[0])] == results[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
KEYS = ["networks", "contact", "learnt", "expires", "problem", "form"]


@given(st.sampled_from(KEYS), JSON)
def test_changed_record(key: str, value: object) -> None:
    """One member changed: nothing, or a contact that can be written to."""
    record = json.loads(dump(known(V4, V6)))
    check(parse(json.dumps({**record, key: value}).encode(), NOW))


@given(
    st.sampled_from(["address", "source", "reason", "network", "alternatives"]), JSON
)
def test_changed_contact(key: str, value: object) -> None:
    """Likewise within the contact."""
    record = json.loads(dump(known(V4)))
    record["contact"][key] = value
    check(parse(json.dumps(record).encode(), NOW))


@given(st.binary(max_size=200))
def test_no_record(octets: bytes) -> None:
    """Rubbish is nothing."""
    assert parse(octets, NOW) is None


def check(found: Known | None) -> None:
    if found is not None and found.contact is not None:
        assert mailbox(found.contact.address) == found.contact.address
        assert found.contact.reason.isprintable()
