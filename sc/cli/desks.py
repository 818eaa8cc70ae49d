"""`scctl desks list|revive`: what became of the reports to each desk."""

import argparse
from typing import Any
from urllib.parse import quote, urlencode

from sc.cli.asking import ask
from sc.cli.shown import print_fields, print_table, time

COLUMNS = (
    *("address", "sent", "bounced", "answered", "recurrences"),
    *("dead_until", "changed", "form", "reason"),
)
TIMES = ("dead_until", "changed")
"""Seconds since 1970 in the answer; `--json` leaves them so."""


def run(options: argparse.Namespace) -> int:
    """Ask the daemon, print what it says."""
    if options.verb == "revive":
        path = f"/v1/desks/{quote(options.address, safe='')}/revive"
        return ask(options, "POST", path, lambda desk: print_fields(_told(desk), ()))
    query = urlencode({"limit": options.limit})
    return ask(options, "GET", f"/v1/desks?{query}", _show)


def _show(answer: Any) -> None:
    print_table([_told(desk) for desk in answer["desks"]], COLUMNS)


def _told(desk: dict[str, Any]) -> dict[str, Any]:
    return {key: time(desk[key]) if key in TIMES else desk[key] for key in desk}
