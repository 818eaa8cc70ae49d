"""What the commands that ask the daemon have in common: errors and text."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sc.cli import exits
from sc.cli.client import Client, DaemonError, NoDaemonError, token


def asked(options: argparse.Namespace, work: Callable[[Client], int]) -> int:
    """`work`, and an exit code for whatever the daemon refuses."""
    try:
        return work(Client(options.url, token(options.token_file, os.environ)))
    except NoDaemonError as e:
        return fail(exits.NO_DAEMON, str(e))
    except BrokenPipeError:
        raise  # Who read has left, as `grep -m1` does: no matter of the daemon's.
    except OSError as e:
        return fail(exits.INPUT, f"{e.filename}: {e.strerror}")
    except DaemonError as e:
        return fail(code_of(e), why(e))


def ask(
    options: argparse.Namespace, method: str, path: str, show: Callable[[Any], None]
) -> int:
    """Ask; print the daemon's JSON if `options.json` says so, else `show` it."""

    def work(client: Client) -> int:
        answer = client.call(method, path)
        if options.json:
            print(json.dumps(answer, indent=2, ensure_ascii=False))
        else:
            show(answer)
        return exits.OK

    return asked(options, work)


def request_about(
    content: bytes, asks: Mapping[str, Any] = MappingProxyType({})
) -> bytes:
    """The daemon takes a message's octets as they are within a JSON string."""
    message = content.decode("utf-8", "surrogateescape")
    text = json.dumps({**asks, "message": message}, ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape")


def why(error: DaemonError) -> str:
    hint = "; give --token-file or $SC_TOKEN" if error.status in (401, 403) else ""
    return f"{plain(str(error))}{hint}"


def code_of(error: DaemonError) -> int:
    """A daemon that is busy, or stops, is another thing than one that says no."""
    return exits.LATER if error.status >= 500 else exits.FAILED


def fail(code: int, text: str) -> int:
    print(f"scctl: {text}", file=sys.stderr)
    return code


def utc(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def plain(text: str) -> str:
    """What a stranger wrote cannot move the operator's cursor."""
    return "".join(c if c.isprintable() else "?" for c in text)


def lines(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    """`  name     value`, of those that have one."""
    for name, value in pairs:
        if value not in (None, "", []):
            yield f"  {name:8} {plain(str(value))}"
