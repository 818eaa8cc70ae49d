"""`scctl check`: is this configuration one that the daemon would start with?"""

import argparse
import os
import sys

from sc.cli import exits
from sc.config.load import find
from sc.config.problems import ConfigError
from sc.config.schema import load


def run(options: argparse.Namespace) -> int:
    """Every error goes to stderr as `file:line: path: text`."""
    source = find(options.config, os.environ)
    try:
        load(source)
    except ConfigError as e:
        print(e, file=sys.stderr)
        count = len(e.problems)
        print(f"{count} error{'s' * (count > 1)}", file=sys.stderr)
        return exits.CONFIG
    print(f"{source.name}: ok")
    return exits.OK
