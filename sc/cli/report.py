"""`scctl report`: who must hear about messages, why, and on which evidence."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sc.cli import exits
from sc.cli.asking import (
    asked,
    code_of,
    fail,
    lines,
    plain,
    request_about,
    why,
)
from sc.cli.client import Client, DaemonError
from sc.cli.messages import Found, Unreadable, read_messages
from sc.cli.progress import Progress, shows_progress

TIMEOUT = 630.0
"""Seconds for one message: `abuse_report.wait` may be 600."""

SHOWN = 5
"""Links of one host in the table; `--json` has them all."""


def run(options: argparse.Namespace) -> int:
    """Every message is asked about; the worst exit code counts."""
    return asked(options, lambda client: _run(client, options))


def _run(client: Client, options: argparse.Namespace) -> int:
    progress = Progress(sys.stderr, shown=shows_progress())
    worst = exits.OK
    for found in read_messages(options.paths or ["-"]):
        worst = max(worst, _one(client, found, options, progress))
        progress.step()
    progress.clear()
    return worst


def _one(
    client: Client,
    found: Found | Unreadable,
    options: argparse.Namespace,
    progress: Progress,
) -> int:
    if isinstance(found, Unreadable):
        progress.clear()
        return fail(exits.INPUT, f"{plain(found.name)}: {found.reason}")
    try:
        answer = client.call("POST", "/", _request(found, options), timeout=TIMEOUT)
    except DaemonError as e:
        progress.clear()
        return fail(code_of(e), f"{plain(found.name)}: {why(e)}")
    code = _save(client, answer, options) if options.arf else exits.OK
    if options.arf == "-":
        pass  # The mails are the output.
    elif options.json:
        print(json.dumps({"file": found.name, **answer}, ensure_ascii=False))
    else:
        print("\n".join(_table(found.name, answer)))
    sending = answer.get("abuse_report", {"sent": True})
    return max(code, exits.OK if sending["sent"] else exits.LATER)


def _save(client: Client, answer: dict[str, Any], options: argparse.Namespace) -> int:
    """That one mail cannot be shown keeps no other message from being asked about."""
    try:
        save(client, answer, options.arf)
    except DaemonError as e:
        return fail(code_of(e), why(e))
    return exits.OK


def _request(found: Found, options: argparse.Namespace) -> bytes:
    # The mails exist only where a report is made, if only for the operator.
    dry_run = options.dry_run or (options.arf and not options.send)
    how = {"dry_run": True} if dry_run else {"send": options.send}
    asks: dict[str, Any] = {"abuse_report": how}
    boundary = {
        "name": options.boundary_name,
        "domain": options.boundary_domain,
        "cidrs": [str(network) for network in options.boundary_cidr],
    }
    if any(boundary.values()):
        asks["trusted_boundary"] = {key: v for key, v in boundary.items() if v}
    return request_about(found.content, asks)


def save(client: Client, answer: dict[str, Any], out: str) -> None:
    """
    Write each report's mail to `out`/ID.eml; `-`: the standard output.

    @raise OSError: it cannot be written.
    """
    for report in answer["abuse_report"]["reports"]:
        mail = client.fetch(f"/v1/outbox/{quote(report['id'], safe='')}/mail")
        if out == "-":
            sys.stdout.buffer.write(mail)
            sys.stdout.buffer.flush()
            continue
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        # A name of the daemon's, which might not be ours.
        (folder / f"{Path(report['id']).name}.eml").write_bytes(mail)


def _table(name: str, answer: dict[str, Any]) -> Iterator[str]:
    yield plain(name)
    for contact, items in answer["complaints"].items():
        yield from lines([("to", contact)])
        for item in items:
            yield from _SHOWN_AS[item["type"]](item)
    if not answer["complaints"]:
        yield "  to       nobody"
    for form in answer.get("forms", ()):
        about = ", ".join((form["ip"], *form["hosts"]))
        yield from lines([("form", f"{form['form']} for {about}")])
    for report in answer.get("abuse_report", {}).get("reports", ()):
        told = " ".join(filter(None, (report["id"], report["state"], report["reason"])))
        yield from lines([("report", f"{told} to {report['contact']}")])
    for warning in answer["warnings"]:
        yield from lines([("warning", warning)])


def _why(item: dict[str, Any]) -> str:
    network = f", {item['network']}" if item["network"] else ""
    return f"{item['contact-reason']} ({item['contact-source']}{network})"


def _relay(item: dict[str, Any]) -> Iterator[str]:
    names = [f"{key} {item[key]}" for key in ("rdns", "helo", "by") if item.get(key)]
    when = [f"at {item['date']}"] if item.get("date") else []
    unproven = [] if item["verified"] else ["not verified: never written about"]
    yield from lines(
        [
            ("relay", ", ".join([item["ip"], *names, *when, *unproven])),
            ("  why", _why(item)),
        ]
    )


def _host(item: dict[str, Any]) -> Iterator[str]:
    addresses = ", ".join(item["ips"]) or "no address"
    yield from lines([("host", f"{item['host']} ({addresses})"), ("  why", _why(item))])
    for link in item["links"][:SHOWN]:
        yield from lines([("  link", f"{link['url']} ({link['role']})")])
    more = item["count"] - min(len(item["links"]), SHOWN)
    if more:
        yield from lines([("  link", f"and {more} more")])


def _sender(item: dict[str, Any]) -> Iterator[str]:
    """It chose its desk itself (RFC 9477)."""
    yield from lines([("sender", item["domain"]), ("  why", _why(item))])


_SHOWN_AS = {"received": _relay, "link": _host, "sender": _sender}
