"""Repeated background work goes through runtime/background: one error policy, logged, for every loop."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.test_tree import ROOT, SOURCES

#: Loops of their own that end by themselves, or that the helper can't serve, each with why.
ALLOWED: Final[Mapping[str, str]] = {
    "runtime/background.py": "the helper itself",
    "providers/polling.py": "a job's polls: it ends with the job or a deadline, and each error has a meaning",
    "purchasing/buy.py": "one purchase: each turn is a step of the protocol (docs/money.md)",
    "purchasing/retry.py": "one question, asked for as long as an outage may last",
    "service/cli/progress.py": "a film shown in a terminal until it has ended; an error ends the command",
    "simulators/listenhub/images.py": "an answer that waits for its own job",
    "simulators/vibegen/callbacks.py": "the simulated vendor's own; it shares nothing with the program",
}


def _sleeps(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Await)
        and isinstance(inner.value, ast.Call)
        and ast.unparse(inner.value.func).rpartition(".")[2] in {"sleep", "wait"}
        for inner in ast.walk(node)
    )


def _endless_loops(source: str) -> Iterator[int]:
    """Yield the line of each `while` that only a cancel or its own body ends, and that lets time pass."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value and _sleeps(node):
            yield node.lineno


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("async def f():\n    while True:\n        await asyncio.sleep(1)", [2]),
        ("async def f():\n    while 1:\n        if await go():\n            await clock.sleep(1)", [2]),
        ("async def f():\n    while not task.done():\n        await asyncio.sleep(1)", []),
        ("def f():\n    while True:\n        step()", []),
    ],
)
def test_a_loop_is_known_when_it_is_seen(source: str, found: list[int]) -> None:
    """Endless and waiting; a loop that counts, or that a condition ends, is none."""
    assert list(_endless_loops(source)) == found


def test_no_other_loop_is_written_by_hand() -> None:
    """Whoever repeats something calls `repeat` or `repeating`; every exception is named, and is one."""
    found: dict[str, Path] = {}
    for path in SOURCES:
        if list(_endless_loops(path.read_text("utf-8"))):
            found[path.relative_to(ROOT).as_posix()] = path
    assert sorted(set(found) - set(ALLOWED)) == []
    assert sorted(set(ALLOWED) - set(found)) == []
