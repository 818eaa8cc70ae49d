"""How a connection is made: the URL, the password, TLS, and the server's own limits."""

import os
from ipaddress import ip_address
from pathlib import Path

import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sc.store.interface import Row
from sc.store.settings import StoreSettings

MAX_PASSWORD = 1024


class Number(Loader):
    """SUM of whole numbers has the type NUMERIC; SQLite's is a whole number, too."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode("ascii")
        return int(text) if text.removeprefix("-").isdigit() else float(text)


def connect(settings: StoreSettings) -> "psycopg.Connection[Row]":
    """
    A connection whose transactions are serializable: each as if it were alone.

    @raise psycopg.Error: the URL is wrong, or nobody answers there.
    @raise OSError, ValueError: the password cannot be read.
    """
    connection = psycopg.connect(make_conninfo("", **parameters(settings)))
    connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    connection.adapters.register_loader("numeric", Number)
    return connection


def parameters(settings: StoreSettings) -> dict[str, str]:
    """libpq's, with safe ones for what the URL leaves open."""
    said = conninfo_to_dict(settings.url)
    given = {name: str(value) for name, value in said.items() if value is not None}
    milliseconds = int(settings.timeout * 1000)
    # A node that stops in the middle must not hold its locks for ever.
    limits = ("statement", "lock", "idle_in_transaction_session")
    options = [f"-c {name}_timeout={milliseconds}" for name in limits]
    safe = {
        "application_name": "sc",
        "connect_timeout": str(settings.connect_timeout),
        # Of several hosts the one that can write.
        "target_session_attrs": "read-write",
        **({} if is_local(_hosts(given)) else {"sslmode": "verify-full"}),
    }
    if settings.password_file is not None:
        safe["password"] = read_password(Path(settings.password_file))
    # The operator's own words come last, and win.
    joined = " ".join([*options, given.pop("options", "")])
    return {**safe, **given, "options": joined}


def _hosts(given: dict[str, str]) -> str:
    """Where libpq connects to: an address before a name, the URL before all else."""
    addresses = given.get("hostaddr") or os.environ.get("PGHOSTADDR")
    return addresses or given.get("host") or os.environ.get("PGHOST", "")


def is_local(hosts: str) -> bool:
    """Whether no octet leaves the machine: UNIX sockets and loopback only."""
    return all(map(_is_loopback, hosts.split(",")))


def _is_loopback(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_password(path: Path) -> str:
    """
    @raise OSError: it cannot be read.
    @raise ValueError: it is empty, too long, or not UTF-8.
    """
    with path.open("rb") as file:
        octets = file.read(MAX_PASSWORD + 1)
    line = octets.split(b"\n", 1)[0].removesuffix(b"\r")
    if not line or len(line) > MAX_PASSWORD:
        raise ValueError("the first line of password_file is empty or too long")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        # From None: it carries the octets.
        raise ValueError("password_file is not UTF-8") from None
