"""`scctl outbox`: what waits, what left, what became of it, and whether more leaves."""

import argparse
import json
import sys
from typing import Any
from urllib.parse import quote, urlencode

from sc.cli import exits
from sc.cli.asking import asked, plain, utc
from sc.cli.client import Client

COLUMNS = ("id", "state", "contact", "evidence", "reason")
TIMES = ("created", "changed", "next_attempt", "stopped_since")
"""Seconds since 1970 in the answer; `--json` leaves them so."""


def run(options: argparse.Namespace) -> int:
    """Ask the daemon, print what it says."""
    return asked(options, lambda client: _run(client, options))


def _run(client: Client, options: argparse.Namespace) -> int:
    _show(client.call(*_request(options)), as_json=options.json)
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
            print(f"{key}: {_cell(_time(value) if key in TIMES else value)}")


def _table(reports: list[dict[str, Any]]) -> None:
    rows = [[_cell(report.get(column)) for column in COLUMNS] for report in reports]
    widths = [max(len(row[i]) for row in [COLUMNS, *rows]) for i in range(len(COLUMNS))]
    for row in [COLUMNS, *rows]:
        print(
            "  ".join(
                f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)
            ).rstrip()
        )


def _cell(value: object) -> str:
    """A stranger's text must not move the operator's cursor."""
    return plain("-" if value in (None, "") else str(value))


def _time(seconds: float | None) -> str:
    return "" if seconds is None else utc(seconds)
