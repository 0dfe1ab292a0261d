"""Every link of the pages leads somewhere."""

from pathlib import Path

import pytest

from tests.architecture.pages import ROOT, anchors, links, pages, where


@pytest.mark.parametrize("page", pages(), ids=where)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that is there, and each anchor a heading of it."""
    lost = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def test_every_page_is_in_the_index() -> None:
    """docs/README.md names every page of docs, so that none is found by chance only."""
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert {page for page in (ROOT / "docs").rglob("*.md") if page != index} - named == set()


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("# A film's walk\n", {"a-films-walk"}),  # punctuation goes
        ("# One\n## One\n", {"one", "one-1"}),  # the second of a name is numbered
        ("# `make` it\n", {"make-it"}),  # code is text
        ("## 两条命令\n", {"两条命令"}),  # other scripts stay
        ("```\n# no heading\n```\n", set()),  # nor is a comment in code
    ],
)
def test_anchors_are_named_as_github_does(page: str, found: set[str], tmp_path: Path) -> None:
    """The test's own reading of headings is right."""
    (tmp_path / "page.md").write_text(page, "utf-8")
    assert anchors(tmp_path / "page.md") == found
