"""`scctl check`: is this configuration one that the daemon would start with?"""

import argparse
import os
import sys

from sc.abuse.reports.signing_keys import doubts, read_keys, zone_line
from sc.abuse.settings import AbuseReportSettings
from sc.cli import exits
from sc.config.load import find
from sc.config.problems import ConfigError
from sc.config.schema import load
from sc.scan.list_file import ListFileError, read_list


def run(options: argparse.Namespace) -> int:
    """Every error goes to stderr as `file:line: path: text`."""
    source = find(options.config, os.environ)
    try:
        config = load(source)
    except ConfigError as e:
        print(e, file=sys.stderr)
        count = len(e.problems)
        print(f"{count} error{'s' * (count > 1)}", file=sys.stderr)
        return exits.CONFIG
    try:
        for path in config.lists.files:
            read_list(path)
    except ListFileError as e:
        print(e, file=sys.stderr)
        return exits.CONFIG
    print(f"{source.name}: ok")
    _tell_keys(config.abuse_report)
    return exits.OK


def _tell_keys(settings: AbuseReportSettings) -> None:
    """What must stand in DNS for our signatures, and what is not as it should be."""
    keys = read_keys(settings)
    for doubt in doubts(settings, keys):
        print(f"warning: {doubt}", file=sys.stderr)
    if keys:
        print("\nDNS records for the signatures of reports:")
    for key in keys:
        print(zone_line(key))
