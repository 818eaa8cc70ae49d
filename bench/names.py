"""A name server with what `bench.built_in` asks for: `python -m bench.names PORT`.

The zone comes on stdin, in the shape of `tests.fakes.dns`, as JSON.
"""

import json
import sys
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 a program of its own

from tests.fakes.dns import start_dns


def main(port: str) -> int:
    start_dns(json.load(sys.stdin), int(port))
    cast(Any, reactor).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
