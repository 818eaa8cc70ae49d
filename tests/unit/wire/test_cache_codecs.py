"""sc.wire.redis and sc.wire.memcached: what is asked, and what counts as an answer."""

from collections.abc import Callable

import pytest

from sc.wire.cache_codec import (
    MAX_LINE,
    MAX_VALUE,
    CacheCodec,
    Counts,
    Done,
    ProtocolError,
    Refused,
    Reply,
    Values,
)
from sc.wire.memcached import MemcachedCodec
from sc.wire.redis import Login, RedisCodec

Ask = Callable[[CacheCodec], bytes]
PUT: Ask = lambda codec: codec.put({b"a": b"1", b"b": b"2"}, 60)  # noqa: E731
GET: Ask = lambda codec: codec.get((b"a", b"b"))  # noqa: E731
ADD: Ask = lambda codec: codec.add({b"a": 1, b"b": 2}, 60)  # noqa: E731
OPEN: Ask = lambda codec: codec.opening()  # noqa: E731
LARGEST = b"v" * MAX_VALUE


def replies(codec: CacheCodec, data: bytes, *asks: Ask) -> list[Reply]:
    """The replies, the same whole and octet by octet."""
    for ask in asks:
        ask(codec)
    return [r for i in range(len(data)) for r in codec.receive_data(data[i : i + 1])]


def test_redis_questions() -> None:
    """One array of bulk strings a command, whatever the octets."""
    codec = RedisCodec()
    assert codec.opening() == b"*1\r\n$4\r\nPING\r\n"
    assert GET(codec) == b"*3\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\nb\r\n"
    put = codec.put({b"a": b"\r\n"}, 60)
    assert (
        put == b"*5\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n\r\n\r\n$2\r\nEX\r\n$2\r\n60\r\n"
    )


def test_redis_login() -> None:
    """The password, with a user or without, then the database."""
    said = RedisCodec(Login("u", "p", 3)).opening()
    assert said.startswith(b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n")
    assert b"$6\r\nSELECT\r\n$1\r\n3\r\n" in said
    assert said.endswith(b"PING\r\n")
    assert RedisCodec(Login(None, "p")).opening().startswith(b"*2\r\n$4\r\nAUTH\r\n")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"*2\r\n$1\r\n1\r\n$-1\r\n", Values({b"a": b"1"})),
        (b"*2\r\n$-1\r\n$0\r\n\r\n", Values({b"b": b""})),
        (b"*2\r\n$2\r\n\r\n\r\n$3\r\n$1\r\r\n", Values({b"a": b"\r\n", b"b": b"$1\r"})),
        (b"-NOPERM this user has no permissions\r\n", Refused("MGET: NOPERM")),
        (b"-\x1b[2J\xff\r\n", Refused("MGET: ?[2J?")),
    ],
)
def test_redis_values(data: bytes, expected: Reply) -> None:
    """What is there by its key, or the code of the error in plain ASCII."""
    assert replies(RedisCodec(), data, GET) == [expected]


def test_redis_statuses() -> None:
    """Several commands of one question have one reply; the first error counts."""
    data = b"+OK\r\n+OK\r\n-OOM x\r\n-READONLY x\r\n+PONG\r\n"
    expected = [Done(), Refused("SET: OOM"), Done()]
    assert replies(RedisCodec(), data, PUT, PUT, OPEN) == expected


def test_redis_largest_value() -> None:
    """As much as we may have written ourselves, and no octet more."""
    both = b"$%d\r\n%b\r\n" % (MAX_VALUE, LARGEST) * 2
    assert replies(RedisCodec(), b"*2\r\n" + both, GET) == [
        Values({b"a": LARGEST, b"b": LARGEST})
    ]
    with pytest.raises(ProtocolError, match="more than 65536"):
        replies(RedisCodec(), b"*2\r\n$%d\r\n" % (MAX_VALUE + 1), GET)


@pytest.mark.parametrize(
    "data",
    [
        b"*1\r\n",
        b"*3\r\n",
        b"*-1\r\n",
        b"*2\r\n+OK\r\n",
        b"*2\r\n*1\r\n",
        b"*2\r\n$x\r\n",
        b"*2\r\n$-2\r\n",
        b"*2\r\n$9999999999\r\n",
        b"*2\r\n$\xb2\r\n",
        b"*2\r\n$1\r\n12\r\n",
        b"$1\r\n1\r\n",
        b":2\r\n",
        b"\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"x" * MAX_LINE,
        b"*2\r\n$-1\r\n$-1\r\n+OK\r\n",
    ],
)
def test_no_answer_of_redis(data: bytes) -> None:
    """Too few, too many, nested, of another kind, without end, or to nothing."""
    with pytest.raises(ProtocolError):
        replies(RedisCodec(), data, GET)


def test_no_status_of_redis() -> None:
    """A value is no answer to a command."""
    with pytest.raises(ProtocolError, match="SET"):
        replies(RedisCodec(), b"$-1\r\n", PUT)


def test_memcached_questions() -> None:
    """Values with their lengths, so that no octet of them is taken for a command."""
    codec = MemcachedCodec()
    assert codec.opening() == b"version\r\n"
    assert GET(codec) == b"get a b\r\n"
    assert PUT(codec) == b"set a 0 60 1\r\n1\r\nset b 0 60 1\r\n2\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"END\r\n", Values({})),
        (b"VALUE b 0 1\r\n2\r\nEND\r\n", Values({b"b": b"2"})),
        (
            b"VALUE a 0 5\r\nEND\r\n\r\nVALUE b 1 0 77\r\n\r\nEND\r\n",
            Values({b"a": b"END\r\n", b"b": b""}),
        ),
        (b"SERVER_ERROR busy\xff\r\n", Refused("get: SERVER_ERROR busy?")),
    ],
)
def test_memcached_values(data: bytes, expected: Reply) -> None:
    """What is there by its key, with or without a CAS number, or the error."""
    assert replies(MemcachedCodec(), data, GET) == [expected]


def test_memcached_statuses() -> None:
    """Several sets of one question have one reply; the first error counts."""
    data = b"STORED\r\n" * 2 + b"SERVER_ERROR out of memory\r\nNOT_STORED\r\n"
    codec = MemcachedCodec()
    assert replies(codec, data + b"VERSION 1.6.18\r\n", PUT, PUT, OPEN) == [
        Done(),
        Refused("set: SERVER_ERROR out of memory"),
        Done(),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"STORED\r\n",
        b"ERROR\r\n",
        b"CLIENT_ERROR bad data chunk\r\n",
        b"VALUE c 0 1\r\n",
        b"VALUE a 0 1\r\n1\r\nVALUE a 0 1\r\n",
        b"VALUE a 0 65537\r\n",
        b"VALUE a 0 -1\r\n",
        b"VALUE a 0 1\r\n12\r\n",
        b"VALUE a 0\r\n",
        b"x" * MAX_LINE,
        b"END\r\nEND\r\n",
    ],
)
def test_no_answer_of_memcached(data: bytes) -> None:
    """Not asked for, twice, too long, cut, without end, or to nothing."""
    with pytest.raises(ProtocolError):
        replies(MemcachedCodec(), data, GET)


def test_no_status_of_memcached() -> None:
    """After an error of ours in a command nothing is in step any more."""
    with pytest.raises(ProtocolError, match="no answer to set"):
        replies(MemcachedCodec(), b"CLIENT_ERROR line format\r\n", PUT)


def test_redis_counters() -> None:
    """Each addition has its end behind it; the first error counts."""
    codec = RedisCodec()
    assert codec.add({b"a": 12}, 60) == (
        b"*3\r\n$6\r\nINCRBY\r\n$1\r\na\r\n$2\r\n12\r\n"
        b"*3\r\n$6\r\nEXPIRE\r\n$1\r\na\r\n$2\r\n60\r\n"
    )
    data = b":1\r\n:1\r\n:9223372036854775807\r\n:1\r\n"
    data += b"-WRONGTYPE x\r\n:1\r\n:-2\r\n-READONLY x\r\n+PONG\r\n"
    assert replies(RedisCodec(), data, ADD, ADD, OPEN) == [
        Counts({b"a": 1, b"b": 9223372036854775807}),
        Refused("INCRBY: WRONGTYPE"),
        Done(),
    ]


@pytest.mark.parametrize(
    "data",
    [b"+OK\r\n", b":x\r\n", b":\r\n", b":--1\r\n", b":1\r\n+OK\r\n", b":" + b"1" * 20],
)
def test_no_number_of_redis(data: bytes) -> None:
    """A status, no digits, or too many of them."""
    with pytest.raises(ProtocolError):
        replies(RedisCodec(), data + b"\r\n", ADD)


def test_memcached_counters() -> None:
    """A counter is begun unless it is there, then added to; the first error counts."""
    codec = MemcachedCodec()
    assert codec.add({b"a": 12}, 60) == b"add a 0 60 1\r\n0\r\nincr a 12\r\n"
    data = b"STORED\r\n1\r\nNOT_STORED\r\n18446744073709551615\r\n"
    data += b"NOT_STORED\r\nCLIENT_ERROR cannot increment or decrement\r\n"
    data += b"SERVER_ERROR out of memory\r\nNOT_FOUND\r\nVERSION 1\r\n"
    assert replies(MemcachedCodec(), data, ADD, ADD, OPEN) == [
        Counts({b"a": 1, b"b": 18446744073709551615}),
        Refused("incr: CLIENT_ERROR cannot increment or decrement"),
        Done(),
    ]
    data = b"SERVER_ERROR out of memory\r\nNOT_FOUND\r\n"
    assert replies(MemcachedCodec(), data * 2, ADD) == [
        Refused("add: SERVER_ERROR out of memory")
    ]


@pytest.mark.parametrize("data", [b"OK\r\n", b"STORED\r\nx\r\n", b"STORED\r\n-1\r\n"])
def test_no_number_of_memcached(data: bytes) -> None:
    """Something else, or no digits."""
    with pytest.raises(ProtocolError):
        replies(MemcachedCodec(), data, ADD)
