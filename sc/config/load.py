"""Find the configuration file and read it into a node tree."""

import os
from collections.abc import Mapping
from pathlib import Path

import yaml
from attrs import frozen

from sc.config.problems import ConfigError, Problem

PLACES = ("sc.yaml", "/etc/sc/sc.yaml")
MAX_OCTETS = 4 << 20
"""A configuration is small; a file above this is the wrong file."""

EMBEDDED = "embedded defaults"


@frozen
class Source:
    """
    @ivar name: what messages and the start-up lines call it.
    @ivar path: None for the embedded defaults.
    """

    name: str
    path: Path | None = None


def find(option: str | None, environ: Mapping[str, str]) -> Source:
    """
    `--config`, `$SC_CONFIG`, `./sc.yaml`, `/etc/sc/sc.yaml`, else the defaults.

    A file that was named is used even if it is missing, so that its absence is told.
    """
    named = option or environ.get("SC_CONFIG")
    if named:
        return Source(named, Path(named))
    for place in PLACES:
        if Path(place).is_file():
            return Source(place, Path(place))
    return Source(EMBEDDED)


def read_nodes(source: Source) -> yaml.Node | None:
    """
    The root node, or None if there is nothing in it.

    @raise ConfigError: it cannot be read, or is not YAML.
    """
    if source.path is None:
        return None
    try:
        with source.path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as e:
        raise _error(source, 0, os.strerror(e.errno or 0)) from e
    if len(octets) > MAX_OCTETS:
        raise _error(source, 0, f"is larger than {MAX_OCTETS} octets")
    try:
        return yaml.compose(octets.decode("utf-8"), yaml.SafeLoader)
    except UnicodeDecodeError as e:
        raise _error(source, 0, f"is not UTF-8: {e.reason}") from e
    except RecursionError as e:
        raise _error(source, 0, "is nested too deeply") from e
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 0
        raise _error(source, line, f"is not YAML: {e.problem}") from e
    except yaml.YAMLError as e:
        raise _error(source, 0, f"is not YAML: {e}") from e


def _error(source: Source, line: int, text: str) -> ConfigError:
    return ConfigError(source.name, (Problem("(file)", line, text),))
