"""The command as a person runs it: a process of its own, one Prefect server and one simulators' process a session."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from simulators.launch import launched

#: How long a command may take on a machine that does three other things.
DEADLINE_S = 400


class Command:
    """`longvideo` in a folder of its own; on a machine of its own, as far as it can tell, if `host` names one."""

    def __init__(self, folder: Path, *, host: str = "", **environment: str) -> None:
        self.folder = folder
        self._code = f"import socket; socket.gethostname = lambda: {host!r}; " if host else ""
        self._code += "from service.cli.main import main; main()"
        self._environment = {**os.environ, "LONGVIDEO_HOME": str(folder / "home"), **environment}
        del self._environment["PREFECT_HOME"]  # that of the tests' own process

    def forget(self, name: str) -> None:
        """Leave a variable out of the environment of what is started from now on."""
        self._environment.pop(name, None)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start the command."""
        return subprocess.Popen(
            [sys.executable, "-c", self._code, *arguments],
            cwd=self.folder,
            env={**self._environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start_on_terminal(self, *arguments: str, **environment: str) -> "tuple[subprocess.Popen[bytes], int]":
        """Start the command on a terminal; return it, and the terminal's other side."""
        person, terminal = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", self._code, *arguments],
            cwd=self.folder,
            env={**self._environment, "TERM": "xterm-256color", **environment},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        return process, person

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Run the command to its end and return its exit code and what it said."""
        with self.start(*arguments, **environment) as process:
            try:
                out, err = process.communicate(timeout=DEADLINE_S)
            finally:
                process.kill()  # or a process that is late would be waited for without end
            return process.returncode, out, err

    def json(self, *arguments: str) -> Any:
        """Run the command with --json and return what it said."""
        code, out, err = self.run(*arguments, "--json")
        assert out, f"exit {code}: {err}"
        return json.loads(out)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Iterator[dict[str, str]]:
    """Run the simulators; return the variables that lead a process to them and to Prefect."""
    running = launched(tmp_path_factory.mktemp("servers"), time_scale=100)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(running) as url:
        yield {
            "PREFECT_API_URL": prefect_api,
            "LONGVIDEO_SIMULATORS_URL": url,
            "LONGVIDEO_TIME_SCALE": "100",
        }


@pytest.fixture
def command(servers: dict[str, str], tmp_path: Path) -> Command:
    """Return the command in an empty folder."""
    return Command(tmp_path, **servers)
