"""`X-Env-` fields that no MTA writes, at the HTTP door of the whole daemon."""

from pathlib import Path

from tests.integration.daemon import running
from tests.integration.raw_client import http, talk

MAIL = b"Subject: x\r\n\r\nbody\r\n"
FIELDS: dict[str, tuple[tuple[str, ...], bytes]] = {
    "unknown": (("X-Env-File: /etc/passwd", "X-Env-Shm: /x"), b"200"),
    "empty name": (("X-Env-: x", "X-Env-: y"), b"200"),
    "no name": ((": x",), b"400"),
    "a CR": (("X-Env-From: a@x.example\rX-Env-User: mallory",), b"400"),
    "a NUL": (("X-Env-User: a\0b",), b"400"),
    "a blank": (("X-Env-User : mallory",), b"400"),
    "folded": (("X-Env-User: a", " b: c"), b"200"),
    "1,000 unknown": (tuple(f"X-Env-{n}: x" for n in range(1000)), b"200"),
    "1,000 recipients": (
        tuple(f"X-Env-Rcpt: u{n}@x.example" for n in range(1000)),
        b"200",
    ),
    "1,000 users": (tuple(f"X-Env-User: u{n}" for n in range(1000)), b"400"),
    "5,000 unknown": (tuple(f"X-Env-{n}: x" for n in range(5000)), b"431"),
    "one that is long": (("X-Env-User: " + "a" * 60_000,), b"431"),
}


async def test_fields(tmp_path: Path) -> None:
    """Each is passed over or refused; none is taken for another field.

    A folded line is one value (RFC 9112 5.2).
    """
    async with running(tmp_path) as daemon:
        port, said = daemon.ports["http"], {}
        for name, (fields, _) in FIELDS.items():
            answer = await talk(port, http("/v1/scan", MAIL, *fields))
            said[name] = answer[9:12] if answer.startswith(b"HTTP/1.1 ") else answer
        assert said == {name: status for name, (_, status) in FIELDS.items()}
        answer = await talk(port, http("/v1/scan", MAIL))
        assert b'"action": "no action"' in answer
        assert "mallory" not in daemon.log
        assert "Traceback" not in daemon.log
