"""sc.net.cache_settings and what is made of them: password, TLS, wrong combinations."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.interfaces import IReactorTime

from sc.net.cache_servers import _login, _redis_endpoint
from sc.net.cache_settings import MemcachedSettings, RedisSettings
from sc.net.stream_exchange import ExchangeError
from sc.wire.redis import Login

CLOCK = cast(IReactorTime, reactor)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: RedisSettings(password="a", password_file="/a"), "are both given"),
        (lambda: RedisSettings(user="a"), "user needs password"),
        (lambda: RedisSettings(ca_file="/a"), "ca_file needs tls"),
        (lambda: RedisSettings("/run/redis.sock", tls=True), "a socket has no name"),
        (lambda: MemcachedSettings(()), "at least one"),
        (lambda: MemcachedSettings(("a:1", "a:1")), "listed twice"),
    ],
)
def test_wrong_combinations(make: Callable[[], object], problem: str) -> None:
    """What cannot work together is told when the file is read."""
    with pytest.raises(ValueError, match=problem):
        make()


def test_password_file(tmp_path: Path) -> None:
    """Its first line, read anew for each connection."""
    file = tmp_path / "redis.secret"
    file.write_text("p w\nrest\n")
    settings = RedisSettings(user="u", password_file=str(file), database=2)
    assert _login(settings) == Login("u", "p w", 2)
    file.write_bytes(b"\xff\n")
    with pytest.raises(ExchangeError, match="password_file is not UTF-8"):
        _login(settings)
    file.unlink()
    with pytest.raises(ExchangeError, match="password_file cannot be read: No such"):
        _login(settings)


def test_password_is_not_shown() -> None:
    """Neither in a repr of the settings nor of what is made of them."""
    settings = RedisSettings(password="secret")
    assert "secret" not in repr(settings) + repr(_login(settings))


def test_ca_file(tmp_path: Path) -> None:
    """A file that is missing, or holds no certificate, is told of."""
    file = tmp_path / "ca.pem"
    settings = RedisSettings("redis.example:6379", tls=True, ca_file=str(file))
    with pytest.raises(ExchangeError, match="ca_file cannot be read: No such"):
        _redis_endpoint(settings, CLOCK)
    file.write_text("rubbish")
    with pytest.raises(ExchangeError, match="no PEM certificate"):
        _redis_endpoint(settings, CLOCK)
    _redis_endpoint(RedisSettings("redis.example:6379", tls=True), CLOCK)
