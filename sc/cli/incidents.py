"""`scctl incidents list|show|close`: outbreaks of our own users."""

import argparse
from typing import Any
from urllib.parse import quote, urlencode

from sc.cli.asking import ask
from sc.cli.shown import print_fields, print_table, time

COLUMNS = ("id", "account", "opened", "last", "closed", "spam", "complaints")
TIMES = ("opened", "first", "last", "closed")
"""Seconds since 1970 in the answer; `--json` leaves them so."""


def run(options: argparse.Namespace) -> int:
    """Ask the daemon, print what it says."""
    if options.verb in ("show", "close"):
        path = f"/v1/incidents/{quote(options.id, safe='')}"
        if options.verb == "close":
            return ask(options, "POST", f"{path}/close", _show_one)
        return ask(options, "GET", path, _show_one)
    state = "all" if options.all else "open"
    query = urlencode({"limit": options.limit, "state": state})
    return ask(options, "GET", f"/v1/incidents?{query}", _show)


def _show(answer: Any) -> None:
    print_table([_told(incident) for incident in answer["incidents"]], COLUMNS)


def _show_one(incident: Any) -> None:
    print_fields(_told(incident), ())


def _told(incident: dict[str, Any]) -> dict[str, Any]:
    """Times and lists as people read them."""
    times = {key: time(incident[key]) for key in TIMES}
    lists = {key: ", ".join(incident[key]) for key in ("addresses", "samples")}
    return {**incident, **times, **lists}
