"""`scctl lists check`: what the allow and deny lists say of somebody."""

import argparse
import json
from typing import Any
from urllib.parse import quote

from sc.cli import exits
from sc.cli.asking import asked, plain, utc
from sc.cli.client import Client


def run(options: argparse.Namespace) -> int:
    """Exit 1 if no entry would count."""
    return asked(options, lambda client: _run(client, options))


def _run(client: Client, options: argparse.Namespace) -> int:
    answer = client.call("GET", f"/v1/lists/{quote(options.what, safe='')}")
    found = answer["entries"]
    if options.json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    elif not found:
        print(f"no entry about {plain(options.what)}")
    else:
        print("\n".join(map(_line, found)))
    return exits.OK if found else exits.FAILED


def _line(found: dict[str, Any]) -> str:
    words = [f"{found['list']:5}", found["entry"]]
    if found["from"]:
        words.append(f"from {found['from']}")
    if found["until"]:
        words.append(f"until {utc(found['until'])}")
    words.append(f"({found['origin']})")
    if found["comment"]:
        words.append(f"# {found['comment']}")
    return plain(" ".join(words))
