"""Whatever docs/ and etc/ show of a configuration is one that the daemon takes."""

import re
from pathlib import Path

import pytest

from sc.config.load import Source
from sc.config.schema import load
from tests.fakes.dkim_keys import key_file, pem, rsa_key
from tests.integration.daemon import ROOT

BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMETHEUS = "scrape_configs:"
"""How a block begins that is for another program."""
SAMPLES = sorted(ROOT.glob("etc/*/*.yaml"))


def examples() -> dict[str, str]:
    """Every block of YAML, by page and line."""
    found = {}
    for page in sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")]):
        text = page.read_text("utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start(1)) + 1
            found[f"{page.relative_to(ROOT)}:{line}"] = block[1]
    return found


EXAMPLES = {k: v for k, v in examples().items() if not v.startswith(PROMETHEUS)}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A key, which must be there wherever an example names one."""
    return key_file(tmp_path_factory.mktemp("keys"), pem(rsa_key()))


@pytest.mark.parametrize("where", EXAMPLES)
def test_example(where: str, tmp_path: Path, key: str) -> None:
    """A block of a page can be copied as it stands."""
    path = tmp_path / "sc.yaml"
    path.write_text(re.sub(r"/etc/sc/dkim-\w+\.pem", key, EXAMPLES[where]))
    load(Source(where, path))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_sample(path: Path) -> None:
    """So can a file of etc/."""
    load(Source(path.name, path))


def test_examples_are_found() -> None:
    """No page is passed over in silence."""
    pages = {where.partition(":")[0] for where in EXAMPLES}
    assert {"docs/policy.md", "docs/howto/lmtp.md", "docs/scanners/dmarc.md"} <= pages
    assert len(SAMPLES) >= 10
