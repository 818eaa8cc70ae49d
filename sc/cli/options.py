"""Options that several commands have."""

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network


def add_daemon(command: argparse.ArgumentParser) -> None:
    """`--url` and `--token-file`."""
    command.add_argument(
        "--url",
        default=os.environ.get("SC_URL", "http://127.0.0.1:5000"),
        help="the daemon (default: $SC_URL, else %(default)s)",
    )
    command.add_argument(
        "--token-file",
        metavar="FILE",
        help="holds a token (default: $SC_TOKEN, else admin.token in the daemon's"
        " state folder)",
    )


def add_boundary(command: argparse.ArgumentParser) -> None:
    """`--boundary-name`, `--boundary-domain`, `--boundary-cidr`."""
    boundary = command.add_argument_group(
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


def _network(text: str) -> "IPv4Network | IPv6Network":
    from ipaddress import ip_network

    try:
        return ip_network(text, strict=False)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"{text!r} is no network") from e


def kinds(text: str) -> tuple[str, ...]:
    """Of attachments, separated by commas."""
    known = ("html", "ics", "pdf", "qr")
    kinds = tuple(kind.strip() for kind in text.split(","))
    for kind in kinds:
        if kind not in known:
            raise argparse.ArgumentTypeError(f"{kind!r} is none of {','.join(known)}")
    return kinds
