"""What must stay true of the tree itself."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from service.prefect import deploy

ROOT = Path(__file__).parents[2]
ROOMS = (
    "film",
    "runtime",
    "providers",
    "media",
    "ledger",
    "store",
    "purchasing",
    "app",
    "tasks",
    "flows",
    "api",
    "service",
    "simulators",
)
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def _where(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _outside(word: str, *doors: str) -> list[str]:
    return [
        _where(path)
        for path in SOURCES
        if not _where(path).startswith(doors) and re.search(word, path.read_text("utf-8"))
    ]


def test_only_settings_and_service_read_the_environment() -> None:
    """One door to the environment, and one that prepares it for Prefect; the launcher hands no variable on."""
    assert _outside(r"os\.environ|getenv|BaseSettings", "app/settings.py", "app/prefect_env.py", "service/") == []


def test_an_installation_has_what_the_program_opens() -> None:
    """A wheel holds every room, and the deployments where `longvideo up` looks for them: beside the rooms.

    Benchmarks, proofs and tests need a checkout and stay there.
    """
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"]} == {*ROOMS}
    opened = deploy.DEPLOYMENTS.relative_to(ROOT).as_posix()
    assert wheel["force-include"] == {opened: opened}


def test_one_door_to_processes() -> None:
    """Below service only media/command spawns processes (and the simulators' launcher its one)."""
    spawning = r"subprocess\.(Popen|run|check)|create_subprocess|os\.exec|os\.fork|multiprocessing"
    assert _outside(spawning, "media/command.py", "service/", "simulators/launch.py") == []


def test_one_door_to_http() -> None:
    """Outside simulators and service only providers/http/clients builds HTTP clients."""
    building = [
        _where(path)
        for path in SOURCES
        if not _where(path).startswith(("providers/http/clients.py", "service/", "simulators/"))
        and any(call.endswith(("httpx.AsyncClient", "httpx.Client", "httpx2.AsyncClient")) for call in _calls(path))
    ]
    assert building == []


def test_prefect_is_known_above_the_rooms_only() -> None:
    """Prefect is imported by tasks, flows and service, and not by the paid POST."""
    knowing = {_where(path) for path in SOURCES if any(name.split(".")[0] == "prefect" for name in _imports(path))}
    assert {name.split("/")[0] for name in knowing} <= {"tasks", "flows", "service"}
    assert "purchasing/buy.py" not in knowing


def test_one_broad_except() -> None:
    """The only broad excepts: the one that settles a film, and the one that keeps a loop going."""
    broad = [
        _where(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert broad == ["runtime/background.py", "tasks/run/film_run.py"]


def test_nothing_prints() -> None:
    """Words for people go through the terminal's own functions."""
    assert [_where(path) for path in SOURCES if "print" in _calls(path)] == []


def test_flows_hold_flows_only() -> None:
    """Prefect puts flows/ first on the path: no class, no relative import, no name of a top-level folder there."""
    for path in (ROOT / "flows").glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)], _where(path)
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level], _where(path)
        assert path.stem not in ROOMS


def test_prefects_server_can_be_imported() -> None:
    """A FastAPI that is too new breaks Prefect's server at import; the pin must hold."""
    from prefect.server.api.server import create_app

    assert callable(create_app)


def test_every_constraint_is_an_exact_version_of_this_machine() -> None:
    """constraints.txt names exact versions and no address, and covers what the project asks for."""
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!-]+", line) for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    wanted = {Requirement(text).name.lower().replace("_", "-") for text in requires("longvideo") or []}
    assert wanted - pinned == set()


def test_the_versions_that_matter() -> None:
    """Prefect 3.8.8 or newer, with a FastAPI its server can start on."""
    assert tuple(map(int, version("prefect").split(".")[:2])) >= (3, 8)
    assert tuple(map(int, version("fastapi").split(".")[:2])) < (0, 151)


@pytest.mark.parametrize("word", ["/work/", "pypi-more", "devpi"])
def test_the_project_speaks_of_itself_alone(word: str) -> None:
    """No path or host of the machine it was written on is in the tree."""
    found = subprocess.run(
        ["git", "grep", "-lF", word, "--", ".", ":!tests/architecture"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
