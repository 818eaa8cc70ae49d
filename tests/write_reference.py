"""Write etc/sc.yaml and docs/configuration.md anew from the settings classes."""

from collections.abc import Iterable
from pathlib import Path

from sc.config.load import EMBEDDED, Source
from sc.config.reference import annotated, tables
from sc.config.schema import Config, load
from sc.service.changes import AT_ONCE, HELD

ROOT = Path(__file__).resolve().parent.parent
YAML_HEAD = """\
sc.yaml: every option, its default, and what it is for.

Keep only the lines that you change: what is missing has the default shown here.
Read from --config, $SC_CONFIG, ./sc.yaml or /etc/sc/sc.yaml, the first that exists.
`scctl check` tells every error with its line. Sizes may end in k, M, G; times in
ms, s, m, h, d. A list of one may be written without brackets."""
PAGE_HEAD = """\
# Configuration

One YAML file: `--config`, `$SC_CONFIG`, `./sc.yaml` or `/etc/sc/sc.yaml`, the first \
that exists; without one the defaults below run. What the file leaves out keeps its \
default, key by key. Unknown, repeated and impossible keys are errors: `scctl check` \
and `twistd sc -T` tell all of them, each with its line, and exit 78.

Sizes may end in `k`, `M` or `G` (1024), times in `ms`, `s`, `m`, `h` or `d`. A list \
of one may be written without brackets. [`etc/sc.yaml`](../etc/sc.yaml) holds the \
same as a file to copy.
"""


def page(config: Config) -> str:
    """All of docs/configuration.md."""
    return f"{PAGE_HEAD}\n{_reload()}{tables(config)}"


def _reload() -> str:
    """What SIGHUP does, in the words of what does it."""
    at_once = _listed(map(_section, AT_ONCE))
    return (
        f"SIGHUP reads the file again: {at_once} change at once;"
        " for anything else the log names the option and asks for a restart.\n"
    )


def _section(name: str) -> str:
    held = [f"`{path.removeprefix(name + '.')}`" for path in HELD if _is_in(path, name)]
    return f"`{name}` (but {_listed(held)})" if held else f"`{name}`"


def _is_in(path: str, section: str) -> bool:
    return path.startswith(f"{section}.")


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def main() -> None:
    config = load(Source(EMBEDDED))
    (ROOT / "etc/sc.yaml").write_text(annotated(config, YAML_HEAD))
    (ROOT / "docs/configuration.md").write_text(page(config))


if __name__ == "__main__":
    main()
