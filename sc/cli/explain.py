"""`scctl explain ID`: the whole story behind an id."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from sc.cli import exits
from sc.cli.asking import asked, lines, plain, utc
from sc.cli.client import Client

REPORT = ("contact", "state", "reason", "evidence", "attempts")


def run(options: argparse.Namespace) -> int:
    """Exit 1 if nothing is known."""
    return asked(options, lambda client: _run(client, options))


def _run(client: Client, options: argparse.Namespace) -> int:
    name = options.id if options.id != "-" else sys.stdin.readline().strip()
    story = client.call("GET", f"/v1/explain/{quote(name, safe='')}")
    if options.json:
        print(json.dumps(story, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_story(story)))
    return exits.OK


def _story(story: dict[str, Any]) -> Iterator[str]:
    yield f"message {plain(story['message_id'])}"
    for line in story["lines"]:
        yield f"  {utc(line['at'])}  {plain(line['line'])}"
    if story["waiting_since"]:
        yield f"  {utc(story['waiting_since'])}  a request to report it waits"
    for report in story["reports"]:
        yield f"report {plain(report['id'])}"
        yield from lines(
            [
                *((name, report[name]) for name in REPORT),
                ("created", utc(report["created"])),
                ("changed", utc(report["changed"])),
                ("next", report["next_attempt"] and utc(report["next_attempt"])),
                ("mail", _mail(report)),
            ]
        )


def _mail(report: dict[str, Any]) -> str:
    kept = "kept" if report["mail_kept"] else "deleted"
    return f"{report['mail_message_id']} ({kept})"
