"""Write etc/sc.yaml and docs/configuration.md anew from the settings classes."""

from pathlib import Path

from sc.config.load import EMBEDDED, Source
from sc.config.reference import annotated, tables
from sc.config.schema import load

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

SIGHUP reads the file again: `abuse_report` (but `bounces`, `dkim`, `from` and \
`smtp`), `access`, `attached_links`, `contacts`, `health`, `ignored_link_hosts`, \
`policy` (but `quarantine_address`), `scanners`, `shorteners`, `trusted_boundary` and \
`url_shorteners_to_follow` change at once; for anything else the log names the option \
and asks for a restart.
"""


def main() -> None:
    config = load(Source(EMBEDDED))
    (ROOT / "etc/sc.yaml").write_text(annotated(config, YAML_HEAD))
    (ROOT / "docs/configuration.md").write_text(PAGE_HEAD + tables(config))


if __name__ == "__main__":
    main()
