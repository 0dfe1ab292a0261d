"""The project's pages, read as a reader sees them: prose, code, headings and links apart."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """Return every Markdown page of the tree, as git sees it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in sorted(listed.stdout.splitlines()) if (ROOT / line).exists()]


def where(page: Path) -> str:
    """Return a page's path as a test's id."""
    return str(page.relative_to(ROOT))


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures, addresses of other houses left out."""
    prose = _SPAN.sub("", _FENCE.sub("", page.read_text("utf-8")))
    return [target for target in _LINK.findall(prose) if not re.match(r"https?:|mailto:", target)]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub names them."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text("utf-8"))):
        slug = re.sub(r"[^\w\- ]", "", _LINK.sub("]", heading).lower()).replace(" ", "-")
        found[slug] = found.get(slug, 0) + 1
    return {f"{slug}-{number}" if number else slug for slug, times in found.items() for number in range(times)}


def code(page: Path) -> Iterator[str]:
    """Return a page's lines of code: what stands in fences, line by line, and each span between backticks."""
    text = page.read_text("utf-8")
    for fence in _FENCE.findall(text):
        yield from fence.splitlines()[1:-1]
    yield from spans(page)


def spans(page: Path) -> list[str]:
    """Return what a page sets between backticks in its prose."""
    return _SPAN.findall(_FENCE.sub("", page.read_text("utf-8")))
