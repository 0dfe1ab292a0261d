"""What the pages name is there: commands and their options, make's targets, modules, files, functions, tables."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from service.cli.main import app
from tests.architecture.pages import ROOT, code, pages, spans, where
from tools import licences, providers_table, settings_table, state_diagram

_ROOMS = "film|app|purchasing|runtime|tools"
_ROOMS += "|providers|media|ledger|store|tasks|flows|api|service|simulators|benchmarks|tests|docs"
#: `room/file`, `room/file.py`, `room/file.function`, `room/folder/`; a capital NAME stands for any.
_PLACE = re.compile(rf"((?:{_ROOMS})/[\w/-]*)(?:\.(\w+))?")
_PROGRAM: Any = typer.main.get_command(app)
_SUFFIXES = {"py", "md", "toml", "yaml", "txt", "jpg"}


def _commands(line: str) -> Iterator[list[str]]:
    """Return the commands a line calls, in words: `longvideo list | show ID` are two."""
    called = re.match(r"(?:[A-Z_]+=\S+ )*longvideo ((?:[a-z]).*)", line.strip())
    if called is not None:
        for alternative in re.split(r" \| |&& longvideo ", called.group(1).split(" #")[0]):
            yield alternative.split()


def _unknown(words: list[str]) -> str | None:
    """Return what a call names that the program doesn't know, None if it knows all of it."""
    command = _PROGRAM
    for word in words:
        if not (known := getattr(command, "commands", {})):
            break
        if word not in known:
            return word
        command = known[word]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    asked = {word.partition("=")[0].strip("[]") for word in words if word.strip("[]").startswith("--")}
    return next(iter(asked - options - {"--help"}), None)


@pytest.mark.parametrize("page", pages(), ids=where)
def test_commands_are_the_programs(page: Path) -> None:
    """Every `longvideo X --option` can be typed."""
    wrong = {line: found for line in code(page) for words in _commands(line) if (found := _unknown(words))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("longvideo list | show ID | watch ID", None),
        ("longvideo key rotate KEY  # comment", None),
        ("A_KEY=b longvideo retry ID [--redo 3]", None),
        ("longvideo list | sow ID", "sow"),  # each alternative is looked at
        ("longvideo key forget KEY", "forget"),  # and each word of a group
        ("longvideo audit --deeper", "--deeper"),  # and each option
    ],
)
def test_a_wrong_command_would_be_found(line: str, unknown: str | None) -> None:
    """The test's own reading of commands is right."""
    assert [found for words in _commands(line) if (found := _unknown(words))] == ([unknown] if unknown else [])


@pytest.mark.parametrize("page", pages(), ids=where)
def test_make_targets_are_the_makefiles(page: Path) -> None:
    """Every `make X` can be typed."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {name for line in re.findall(r"^([a-z][a-z -]*):", makefile, re.MULTILINE) for name in line.split()}
    named = {name for line in code(page) for name in re.findall(r"(?<!longvideo )\bmake ([a-z][\w-]*)", line)}
    assert named - targets == set()


@pytest.mark.parametrize("page", pages(), ids=where)
def test_modules_can_be_run(page: Path) -> None:
    """Every `python -m X` of ours is a module with a main."""
    named = {name for line in code(page) for name in re.findall(rf"-m ((?:{_ROOMS})[\w.]*)", line)}
    for name in named:
        spec = importlib.util.find_spec(f"{name}.__main__" if (ROOT / name.replace(".", "/")).is_dir() else name)
        assert spec is not None, name
        assert "__main__" in Path(spec.origin or "").read_text("utf-8") or name.endswith("simulators"), name


#: Decisions are dated: what they name was there then.
_LIVING = [page for page in pages() if "decisions" not in page.parts]


@pytest.mark.parametrize("page", _LIVING, ids=where)
def test_files_and_functions_are_in_the_tree(page: Path) -> None:
    """Every `room/file.function` between backticks is in the tree."""
    lost = [span for span in spans(page) if (place := _PLACE.fullmatch(span)) and not _there(*place.groups())]
    assert lost == []


def _there(path: str, name: str | None) -> bool:
    if "NAME" in path or (ROOT / (path if name is None else f"{path}.{name}")).exists():
        return True
    modules = [ROOT / f"{path}.py", ROOT / path / "__init__.py"]
    texts = [module.read_text("utf-8") for module in modules if module.exists()]
    if name is None or name in _SUFFIXES:
        return name is None and bool(texts)
    return any(re.search(rf"^(?:async )?(?:def |class )?{name}\b", text, re.MULTILINE) for text in texts)


@pytest.mark.parametrize(
    ("path", "name", "there"),
    [
        ("film/plan", None, True),
        ("film/plan", "segment_plan", True),
        ("tests/conftest", "py", True),
        ("docs/decisions/", None, True),
        ("film/plan", "segments", False),
        ("film/plans", None, False),
        ("film/plan", "toml", False),
    ],
)
def test_a_wrong_place_would_be_found(path: str, name: str | None, there: bool) -> None:
    """The test's own reading of places is right."""
    assert _there(path, name) is there


@pytest.mark.parametrize(
    ("page", "anew", "module"),
    [
        (settings_table.PAGE, settings_table.page_with_settings, "settings_table"),
        (state_diagram.PAGE, state_diagram.page_with_diagram, "state_diagram"),
        (providers_table.PAGE, providers_table.page_with_providers, "providers_table"),
        (licences.PAGE, licences.page_with_licences, "licences"),
    ],
    ids=["settings", "states", "providers", "licences"],
)
def test_generated_pieces_are_the_programs(page: Path, anew: Callable[[str], str], module: str) -> None:
    """What stands between marks is what the program writes there today."""
    text = page.read_text("utf-8")
    assert anew(text) == text, f"run: python -m service.{module}"


def test_every_pinned_package_has_its_licence_told() -> None:
    """Nothing is installed whose licence the page doesn't name."""
    words = set(re.findall(r"[\w.-]+", licences.PAGE.read_text("utf-8")))
    assert set(licences.pinned()) - words == set()
