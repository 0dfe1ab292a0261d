"""Words of others leave the program through one helper a medium; the source is read for ways around them."""

import ast
from collections.abc import Iterator

from tests.architecture.test_tree import SOURCES, _where

#: What makes a cell of a picture from words: nothing in them is markup.
_CELLS = {"cell", "Text", "_row", "ProgressBar"}


def _calls_of(name: str) -> Iterator[tuple[str, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                yield f"{_where(path)}:{node.lineno}", node


def test_words_reach_a_terminal_by_one_door() -> None:
    """A console prints pictures that were built, or nothing; words go through service/shown."""
    around = [
        where
        for where, call in _calls_of("print")
        if not where.startswith(("service/shown.py", "simulators/"))
        and any(not (isinstance(word, ast.Call) and ast.unparse(word.func) in PICTURES) for word in call.args)
    ]
    assert around == []
    assert [where for where, _ in _calls_of("echo") if not where.startswith("service/shown.py")] == []


#: What builds a picture of cells.
PICTURES = {"films_table", "picture"}


def test_a_cell_of_a_picture_is_never_read_as_markup() -> None:
    """Rich reads `[...]` in a plain string as its own."""
    cells = [(where, cell) for where, call in _calls_of("add_row") for cell in call.args]
    assert len(cells) > 10
    plain = [
        where
        for where, cell in cells
        if not isinstance(cell, ast.Constant)
        and not (isinstance(cell, ast.Call) and ast.unparse(cell.func) in _CELLS)
        and not (isinstance(cell, ast.Name) and cell.id == "bar")
    ]
    assert plain == []
