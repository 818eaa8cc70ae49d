"""`scctl contact`: who hears about an address, a network or a host, and why."""

import argparse
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from sc.cli import exits
from sc.cli.asking import asked, code_of, fail, lines, plain, why
from sc.cli.client import Client, DaemonError

TIMEOUT = 70.0
"""Seconds for one question: registries are asked one after the other, at their pace."""


def run(options: argparse.Namespace) -> int:
    """Exit 1 if one of them has no contact."""
    return asked(options, lambda client: _run(client, options))


def _run(client: Client, options: argparse.Namespace) -> int:
    worst = exits.OK
    for what in options.what:
        try:
            path = f"/v1/contacts/{quote(what, safe='')}"
            answer = client.call("GET", path, timeout=TIMEOUT)
        except DaemonError as e:
            worst = max(worst, fail(code_of(e), f"{plain(what)}: {why(e)}"))
            continue
        found = answer["contacts"]
        if options.json:
            print(json.dumps({"asked": what, **answer}, ensure_ascii=False))
        else:
            print("\n".join(_block(what, found)))
        if not all(one["contact"] for one in found):
            worst = max(worst, exits.FAILED)
    return worst


def _block(what: str, found: list[dict[str, Any]]) -> Iterator[str]:
    yield plain(what)
    for one in found:
        yield from lines(
            [
                ("address", one["ip"] if one["ip"] != what else None),
                ("contact", one["contact"] or "none"),
                ("source", one["source"]),
                ("why", one["reason"]),
                ("network", one["network"]),
                ("others", ", ".join(one["alternatives"])),
                ("form", one["form"]),
            ]
        )
