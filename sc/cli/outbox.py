"""`scctl outbox`: what waits, what left, what became of it, and whether more leaves."""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from sc.cli import exits
from sc.cli.client import Client, DaemonError, NoDaemonError, token

COLUMNS = ("id", "state", "contact", "evidence", "reason")
TIMES = ("created", "changed", "next_attempt", "stopped_since")
"""Seconds since 1970 in the answer; `--json` leaves them so."""


def run(options: argparse.Namespace) -> int:
    """Ask the daemon, print what it says."""
    try:
        client = Client(options.url, token(options.token_file, os.environ))
        answer = client.call(*_request(options))
    except NoDaemonError as e:
        return _fail(exits.NO_DAEMON, str(e))
    except OSError as e:
        return _fail(exits.INPUT, f"{e.filename}: {e.strerror}")
    except DaemonError as e:
        hint = "; give --token-file or $SC_TOKEN" if e.status in (401, 403) else ""
        return _fail(exits.LATER if e.status >= 500 else exits.FAILED, f"{e}{hint}")
    _show(answer, as_json=options.json)
    return exits.OK


def _request(options: argparse.Namespace) -> tuple[str, str]:
    if options.verb == "list":
        query = {"limit": options.limit}
        if options.state:
            query["state"] = options.state
        return "GET", f"/v1/outbox?{urlencode(query)}"
    if options.verb in ("stop", "start"):
        return "POST", f"/v1/outbox/{options.verb}"
    path = f"/v1/outbox/{quote(options.id, safe='')}"
    return (
        ("GET", path) if options.verb == "show" else ("POST", f"{path}/{options.verb}")
    )


def _show(answer: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    elif "reports" in answer:
        _table(answer["reports"])
        if answer.get("stopped"):
            print(f"nothing leaves: {_cell(answer['stopped_reason'])}", file=sys.stderr)
    else:
        for key, value in answer.items():
            print(f"{key}: {_cell(_utc(value) if key in TIMES else value)}")


def _table(reports: list[dict[str, Any]]) -> None:
    rows = [[_cell(report.get(column)) for column in COLUMNS] for report in reports]
    widths = [max(len(row[i]) for row in [COLUMNS, *rows]) for i in range(len(COLUMNS))]
    for row in [COLUMNS, *rows]:
        print(
            "  ".join(
                f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)
            ).rstrip()
        )


def _utc(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def _cell(value: object) -> str:
    """A stranger's text must not move the operator's cursor."""
    text = "-" if value in (None, "") else str(value)
    return "".join(c if c.isprintable() else "?" for c in text)


def _fail(code: int, text: str) -> int:
    print(f"scctl: {text}", file=sys.stderr)
    return code
