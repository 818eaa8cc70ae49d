"""Where the store lies."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from attrs import Attribute, field, frozen, validators

SQLITE = ("sqlite",)
POSTGRESQL = ("postgresql", "postgres")
INSTALL = "pip install 'sc[postgresql]'"


def _url(_: object, __: "Attribute[str]", value: str) -> None:
    if not value:
        return
    parts = urlsplit(value)
    if parts.scheme in SQLITE:
        if parts.netloc or not parts.path.removeprefix("/").strip("/"):
            raise ValueError("write sqlite:///var/lib/sc/sc.db: the path of a file")
        return
    if parts.scheme not in POSTGRESQL:
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if parts.password is not None or "password" in parse_qs(parts.query):
        raise ValueError("a password belongs in password_file, not in the URL")
    if find_spec("psycopg") is None:
        raise ValueError(f"needs the module psycopg: {INSTALL}")


@frozen
class StoreSettings:
    """
    What must survive a restart: reports, and requests to report.

    @ivar url: empty: SQLite, in the state folder; `sqlite:///PATH`; or
        `postgresql://USER@HOST/DATABASE?OPTIONS` with the options of libpq, for
        several nodes. TLS with a checked certificate is required outside this
        machine; `sslmode` and `sslrootcert` are among the options.
    @ivar password_file: its first line is PostgreSQL's password; without it
        `~/.pgpass` counts.
    @ivar connections: to PostgreSQL, at most.
    @ivar connect_timeout: seconds for one connection, at least 2.
    @ivar timeout: seconds for a statement, a lock, a whole transaction.
    """

    url: str = field(default="", validator=_url)
    password_file: str | None = None
    connections: int = field(default=4, validator=[validators.ge(1), validators.le(50)])
    # libpq takes whole seconds, and 1 for 2.
    connect_timeout: int = field(
        default=10, validator=[validators.ge(2), validators.le(300)]
    )
    timeout: float = field(
        default=30.0, validator=[validators.ge(0.1), validators.le(3600.0)]
    )

    @property
    def file(self) -> Path | None:
        """SQLite's, if the URL names it."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme in SQLITE else None

    @property
    def is_postgresql(self) -> bool:
        return urlsplit(self.url).scheme in POSTGRESQL
