"""`scctl`: the operator's tool. Each command is imported when it is called.

Exit codes: 0, 1 found or failed, 64 usage, 65 input, 69 no daemon, 75 later,
78 configuration.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from sc import __version__
from sc.cli import exits

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

STATES = (
    *("queued", "sending", "uncertain", "sent"),
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
    _add_evidence(commands)
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
    outbox.add_argument(
        "--url",
        default=os.environ.get("SC_URL", "http://127.0.0.1:5000"),
        help="the daemon (default: $SC_URL, else %(default)s)",
    )
    outbox.add_argument(
        "--token-file",
        metavar="FILE",
        help="holds a token with the right admin (default: $SC_TOKEN, else"
        " admin.token in the daemon's state folder)",
    )
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
    boundary = evidence.add_argument_group(
        "boundary", "The hosts whose Received fields are believed; each repeatable."
    )
    boundary.add_argument(
        "--boundary-name", metavar="N", action="append", default=[], help="a host"
    )
    boundary.add_argument(
        "--boundary-domain",
        metavar="D",
        action="append",
        default=[],
        help="all hosts of a domain",
    )
    boundary.add_argument(
        "--boundary-cidr",
        metavar="C",
        action="append",
        default=[],
        type=_network,
        help="a network of ours",
    )
    evidence.add_argument(
        "--attached",
        metavar="KINDS",
        type=_kinds,
        default=(),
        help="also read these attachments: html,ics,pdf,qr (some of them)",
    )
    evidence.add_argument(
        "--json", action="store_true", help="print one JSON object a message"
    )


def _network(text: str) -> "IPv4Network | IPv6Network":
    from ipaddress import ip_network

    try:
        return ip_network(text, strict=False)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"{text!r} is no network") from e


def _kinds(text: str) -> tuple[str, ...]:
    known = ("html", "ics", "pdf", "qr")
    kinds = tuple(kind.strip() for kind in text.split(","))
    for kind in kinds:
        if kind not in known:
            raise argparse.ArgumentTypeError(f"{kind!r} is none of {','.join(known)}")
    return kinds


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(argv)
    try:
        if options.command == "check":
            from sc.cli.check import run
        elif options.command == "evidence":
            from sc.cli.evidence import run
        else:
            from sc.cli.outbox import run
        return run(options)
    except BrokenPipeError:
        # The reader (head, less) left; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
