"""The glossary is true: what it names is there, and the words it replaces are gone."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.pages import ROOT
from tests.architecture.test_tree import SOURCES

_PAGE = ROOT / "docs" / "glossary.md"
_ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in _PAGE.read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| word ")
]


@pytest.mark.parametrize("where", sorted({row[2].strip("`") for row in _ROWS}))
def test_every_word_has_its_place(where: str) -> None:
    """Each *where* is a module, or a name in one."""
    module, _, name = where.rpartition(".")
    assert hasattr(importlib.import_module(module), name)


def _public(path: Path) -> Iterator[str]:
    """Yield a module's name, and the public names that stand at its top."""
    yield path.stem
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Assign():
                yield from (target.id for target in node.targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def test_no_old_word_is_a_name() -> None:
    """What stands under *not* is neither a module nor a public name; the simulators have words of their own."""
    old = {word for row in _ROWS for word in re.split(r",\s*", row[3]) if word}
    sources = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "simulators"]
    found = {(path.relative_to(ROOT).as_posix(), name) for path in sources for name in _public(path) if name in old}
    assert found == set()
