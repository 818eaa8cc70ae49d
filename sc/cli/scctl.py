"""`scctl`: the operator's tool. Each command is imported when it is called.

Exit codes: 0, 1 found or failed, 64 usage, 65 input, 69 no daemon, 75 later,
78 configuration.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from sc import __version__
from sc.cli import exits
from sc.cli.options import add_boundary, add_daemon, kinds

STATES = (
    *("queued", "sending", "uncertain", "sent", "bounced"),
    *("deferred", "suppressed", "cancelled", "failed"),
)
"""Those of `sc.model.report.ReportState`, which is not worth an import here."""


class Parser(argparse.ArgumentParser):
    """argparse, with the exit code that sysexits(3) has for a wrong call."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(exits.USAGE, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """The whole command line, so that `--help` tells it without any import."""
    top = Parser(prog="scctl", description="Talk to a running sc, and check its files.")
    top.add_argument("--version", action="version", version=f"scctl {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_check(commands)
    _add_outbox(commands)
    _add_desks(commands)
    _add_incidents(commands)
    _add_evidence(commands)
    _add_report(commands)
    _add_contact(commands)
    _add_explain(commands)
    _add_lists(commands)
    _add_compare(commands)
    return top


def _add_check(commands: "argparse._SubParsersAction[Parser]") -> None:
    check = commands.add_parser(
        "check",
        help="read the configuration and tell every error in it",
        description="Read the configuration as the daemon would; exit 78 on errors.",
    )
    check.add_argument("--config", metavar="FILE", help="default: where sc looks")


def _add_outbox(commands: "argparse._SubParsersAction[Parser]") -> None:
    outbox = commands.add_parser("outbox", help="the reports that wait, and that left")
    add_daemon(outbox)
    outbox.add_argument("--json", action="store_true", help="print JSON")
    verbs = outbox.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="reports, newest first")
    listing.add_argument("--state", choices=STATES, help="only those in this state")
    listing.add_argument("--limit", type=int, default=50, metavar="N")
    for verb, text in (
        ("show", "one report"),
        ("retry", "send it again, under the same Message-ID"),
        ("cancel", "never send it"),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("id", metavar="ID")
    for verb, text in (
        ("approve", "write to a desk from now on; what was held for it leaves"),
        ("reject", "cancel what is held for a desk"),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("id", metavar="ID|DESK")
    verbs.add_parser("stop", help="let nothing leave; reports are kept")
    verbs.add_parser("start", help="let reports leave again")


def _add_desks(commands: "argparse._SubParsersAction[Parser]") -> None:
    desks = commands.add_parser(
        "desks",
        help="the desks that we wrote to: who answers, who acts, who is dead",
        description="What became of our reports, a line for each desk.",
    )
    add_daemon(desks)
    desks.add_argument("--json", action="store_true", help="print JSON")
    desks.set_defaults(limit=100)
    verbs = desks.add_subparsers(dest="verb", metavar="VERB")
    listing = verbs.add_parser("list", help="all of them, the latest first (default)")
    listing.add_argument("--limit", type=int, default=100, metavar="N")
    revive = verbs.add_parser("revive", help="let a dead desk have reports again")
    revive.add_argument("address", metavar="DESK")


def _add_incidents(commands: "argparse._SubParsersAction[Parser]") -> None:
    incidents = commands.add_parser(
        "incidents",
        help="outbreaks of spam from our own users",
        description="Users of ours who sent spam, and what is open.",
    )
    add_daemon(incidents)
    incidents.add_argument("--json", action="store_true", help="print JSON")
    incidents.set_defaults(limit=100, all=False)
    verbs = incidents.add_subparsers(dest="verb", metavar="VERB")
    listing = verbs.add_parser("list", help="those that are open (default)")
    listing.add_argument("--all", action="store_true", help="closed ones, too")
    listing.add_argument("--limit", type=int, default=100, metavar="N")
    for verb, text in (
        ("show", "one of them"),
        ("close", "the user may send again; new spam opens a new one"),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("id", metavar="ID")


def _add_evidence(commands: "argparse._SubParsersAction[Parser]") -> None:
    evidence = commands.add_parser(
        "evidence",
        help="the relay and the links of messages",
        description="Read messages and say what they prove: the host that handed each"
        " one to the boundary, and its links. Asks neither the daemon nor the network.",
    )
    evidence.add_argument(
        "paths",
        nargs="*",
        metavar="FILE|-|DIR|MBOX",
        help="messages, mboxes, maildirs, folders; - is the standard input (default)",
    )
    add_boundary(evidence)
    evidence.add_argument(
        "--attached",
        metavar="KINDS",
        type=kinds,
        default=(),
        help="also read these attachments: html,ics,pdf,qr (some of them)",
    )
    evidence.add_argument(
        "--json", action="store_true", help="print one JSON object a message"
    )


def _add_contact(commands: "argparse._SubParsersAction[Parser]") -> None:
    contact = commands.add_parser(
        "contact",
        help="who hears about an address, a network or a host",
        description="Ask the daemon for the abuse contact, and why it is this one."
        " Exit 1 if there is none.",
    )
    contact.add_argument("what", nargs="+", metavar="IP|CIDR|HOST")
    contact.add_argument("--json", action="store_true", help="one JSON object for each")
    add_daemon(contact)


def _add_explain(commands: "argparse._SubParsersAction[Parser]") -> None:
    explain = commands.add_parser(
        "explain",
        help="the whole story behind an id",
        description="Tell what is known about a message: its lines in the mail log,"
        " the reports about it, and what became of them.",
    )
    explain.add_argument(
        "id",
        metavar="ID",
        help="of a reply, a log line, X-SC-Id, X-SC-Report-Id, a report, or a report's"
        " Message-ID; - reads it from the standard input",
    )
    explain.add_argument("--json", action="store_true", help="one JSON object")
    add_daemon(explain)


def _add_lists(commands: "argparse._SubParsersAction[Parser]") -> None:
    lists = commands.add_parser("lists", help="who is let in, and who is kept out")
    add_daemon(lists)
    lists.add_argument("--json", action="store_true", help="print JSON")
    verbs = lists.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser(
        "check",
        help="the entries about an address, a domain or a user",
        description="Ask the daemon which entries would count. Exit 1 if none would.",
    )
    check.add_argument("what", metavar="ADDRESS|IP|USER")


def _add_report(commands: "argparse._SubParsersAction[Parser]") -> None:
    report = commands.add_parser(
        "report",
        help="who must hear about messages; with --send, tell them",
        description="Ask the daemon who is responsible for the relay and the links of"
        " each message, why, and on which evidence. Nothing is sent without --send.",
    )
    report.add_argument(
        "paths",
        nargs="*",
        metavar="FILE|-|DIR|MBOX",
        help="messages, mboxes, maildirs, folders; - is the standard input (default)",
    )
    add_boundary(report)
    how = report.add_mutually_exclusive_group()
    how.add_argument("--send", action="store_true", help="write to the desks")
    how.add_argument(
        "--dry-run",
        action="store_true",
        help="do all but the sending; the daemon keeps the mails for a week",
    )
    report.add_argument(
        "--arf",
        metavar="OUT",
        help="write each mail to the folder OUT (-: standard output); without --send"
        " nothing leaves",
    )
    report.add_argument(
        "--json", action="store_true", help="print the daemon's answers, one a line"
    )
    add_daemon(report)


def _add_compare(commands: "argparse._SubParsersAction[Parser]") -> None:
    compare = commands.add_parser(
        "compare",
        help="where we and another filter differ",
        description="Ask the daemon about messages that another filter has judged, in"
        " their header fields or in its log, and print where we differ. Exit 1 if we"
        " differ about one.",
    )
    compare.add_argument(
        "paths",
        nargs="*",
        metavar="FILE|-|DIR|MBOX",
        help="messages, mboxes, maildirs, folders; - is the standard input (default)",
    )
    compare.add_argument(
        "--log",
        metavar="FILE",
        help="the log of rspamd, spamd or amavis, for messages that are named in it by"
        " their Message-ID",
    )
    compare.add_argument("--json", action="store_true", help="one object a message")
    add_daemon(compare)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(argv)
    try:
        # Each command is a module of its name.
        code: int = import_module(f"sc.cli.{options.command}").run(options)
        return code
    except BrokenPipeError:
        # The reader (head, less) left; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
