"""`scctl outbox`: what waits, what left, what became of it, and whether more leaves."""

import argparse
import sys
from typing import Any
from urllib.parse import quote, urlencode

from sc.cli.asking import ask
from sc.cli.shown import cell, print_fields, print_table

COLUMNS = ("id", "state", "contact", "evidence", "reason")
TIMES = ("created", "changed", "next_attempt", "stopped_since")
"""Seconds since 1970 in the answer; `--json` leaves them so."""

ANSWER_TIMES = ("answer received",)


def run(options: argparse.Namespace) -> int:
    """Ask the daemon, print what it says."""
    return ask(options, *_request(options), _show)


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


def _show(answer: Any) -> None:
    if "reports" in answer:
        print_table(answer["reports"], COLUMNS)
        if answer.get("stopped"):
            print(f"nothing leaves: {cell(answer['stopped_reason'])}", file=sys.stderr)
    else:
        answers = answer.pop("answers", [])
        print_fields(answer, TIMES)
        for one in answers:
            print()
            print_fields({f"answer {key}": one[key] for key in one}, ANSWER_TIMES)
