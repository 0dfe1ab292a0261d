"""The page's table of log lines is what the source writes."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.test_tree import ROOT, SOURCES

_PAGE = ROOT / "docs/operations.md"
_ACTION = re.compile(r"[a-z]+(_[a-z0-9]+)*")
#: What writes a line, and what hands an action on to one of them.
_WRITERS = {"log_event", "log_error", "log_attempt", "log_taken", "_mark_refused"}


def _words(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and _ACTION.fullmatch(inner.value):
            yield inner.value


def _actions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _WRITERS:
            for argument in node.args:
                if not isinstance(argument, ast.Call):
                    yield from _words(argument)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "(action, level)":
            yield from _words(node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "action":
                    yield from _words(value)


def test_every_action_is_on_the_page() -> None:
    """Each action of the source has its row, and each row is written by the source."""
    written = {action for path in SOURCES for action in _actions(ast.parse(path.read_text("utf-8")))}
    section = _PAGE.read_text("utf-8").partition("## Logs\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    told = {action for row in rows for action in re.findall(r"`(\w+)`", row)}
    assert told == written
    assert "film_settled" in written
