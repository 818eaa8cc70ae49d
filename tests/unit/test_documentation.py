"""The pages of the documentation lead to each other, and nowhere else."""

import re
from pathlib import Path

import pytest

from tests.integration.daemon import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    found = HEADING.findall(page.read_text("utf-8").lower())
    return {re.sub(r"[^\w -]", "", words).replace(" ", "-") for words in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links(page: Path) -> None:
    """No link leads to a file or a section that is not there."""
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_every_page_is_reached() -> None:
    """Who begins with the README finds each page."""
    seen, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = LINK.findall(page.read_text("utf-8"))
        waiting += [page.parent / path for path, _ in links if path]
    assert set(PAGES) - seen <= {ROOT / "CHANGELOG.md"}
