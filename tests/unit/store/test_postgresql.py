"""sc.store.postgresql without a server: our SQL in its words, and its parameters."""

from pathlib import Path

import pytest

from sc.store.postgresql.connect import is_local, parameters
from sc.store.postgresql.dialect import columns, placeholders
from sc.store.settings import StoreSettings


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT ? WHERE a = ?", "SELECT %s WHERE a = %s"),
        ("SELECT '?', 'it''s ?', ?", "SELECT '?', 'it''s ?', %s"),
        ('SELECT "a?" -- why?\n, ?', 'SELECT "a?" -- why?\n, %s'),
        ("SELECT /* a?\n? */ ?", "SELECT /* a?\n? */ %s"),
        ("SELECT a LIKE '100%' OR b % ? = 0", "SELECT a LIKE '100%%' OR b %% %s = 0"),
    ],
)
def test_placeholders(sql: str, said: str) -> None:
    """A question mark in a literal or a comment is none of ours."""
    assert placeholders(sql) == said.encode()


def test_columns() -> None:
    """Types are translated where they are types."""
    table = "CREATE TABLE t (a TEXT DEFAULT 'TEXT', b blob, c INTEGER, texts REAL)"
    assert columns(table) == (
        "CREATE TABLE t (a TEXT COLLATE \"C\" DEFAULT 'TEXT', b BYTEA, c BIGINT,"
        " texts REAL)"
    )


@pytest.mark.parametrize(
    ("hosts", "local"),
    [
        *(("", True), ("/run/postgresql", True), ("@abstract", True)),
        *(("localhost,127.0.0.1", True), ("[::1]", True), ("192.0.2.1", False)),
        *(("db.example", False), ("/run/postgresql,db.example", False)),
    ],
)
def test_local(hosts: str, local: bool) -> None:
    """Only what cannot leave the machine goes without TLS."""
    assert is_local(hosts) is local


@pytest.mark.parametrize(
    ("url", "surroundings"),
    [
        ("postgresql:///sc?hostaddr=192.0.2.1", {}),
        ("postgresql://localhost/sc?hostaddr=192.0.2.1", {}),
        ("postgresql:///sc", {"PGHOST": "db.example"}),
        ("postgresql:///sc", {"PGHOSTADDR": "192.0.2.1"}),
    ],
)
def test_not_local(
    url: str, surroundings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine that the host of the URL does not show."""
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert parameters(StoreSettings(url))["sslmode"] == "verify-full"


def test_safe() -> None:
    """Another machine must prove its name, and nothing waits for ever."""
    found = parameters(StoreSettings("postgresql://sc@db.example/sc", timeout=2.5))
    assert found["sslmode"] == "verify-full"
    assert found["connect_timeout"] == "10"
    assert "-c statement_timeout=2500 -c lock_timeout=2500" in found["options"]


def test_operator_wins() -> None:
    """What the URL says counts, with all its options."""
    url = "postgresql://sc@db/sc?sslmode=require&options=-c%20statement_timeout%3D1"
    found = parameters(StoreSettings(url))
    assert found["sslmode"] == "require"
    assert found["options"].endswith("-c statement_timeout=1")


@pytest.mark.parametrize(
    ("octets", "text"),
    [(b"", "empty"), (b"\n", "empty"), (b"x" * 1025, "long"), (b"\xff", "UTF-8")],
)
def test_bad_password(tmp_path: Path, octets: bytes, text: str) -> None:
    """A file that holds no password is told, and its content is not."""
    path = tmp_path / "password"
    path.write_bytes(octets)
    with pytest.raises(ValueError, match=text):
        parameters(StoreSettings("postgresql://sc@/sc", password_file=str(path)))
