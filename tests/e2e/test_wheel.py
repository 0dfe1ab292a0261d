"""The wheel, installed where no checkout is: `up` finds its deployments, `make` makes a film."""

import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import av
import pytest

from tests.e2e.conftest import Command
from tests.e2e.test_up import free_ports, until_ready

ROOT = Path(__file__).parents[2]


class Installed(Command):
    """The installed command, which knows nothing of this checkout."""

    def __init__(self, program: Path, folder: Path, **environment: str) -> None:
        super().__init__(folder, **environment)
        self._program = program

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start it."""
        given = {name: value for name, value in self._environment.items() if not name.startswith("PYTHON")}
        return subprocess.Popen(
            [self._program, *arguments],
            cwd=self.folder,
            env={**given, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it in an empty venv, and return the venv.

    What the project asks for is not installed again, which would take minutes: the venv sees the packages of the
    tests' own by a line in a .pth file. A .pth file that is found on such a path is not read, and the line that leads
    to the checkout is in one: LongVideo itself can only come from the wheel.
    """
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder / "dist", ROOT]
    subprocess.run(build, check=True, timeout=300)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    [wheel] = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    assert not [name for name in names if name.startswith(("benchmarks/", "tests/"))], "they need the checkout"
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True, timeout=300)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return folder / "venv"


def test_the_wheel_makes_a_film_far_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    """`up` says that it is ready, which it is when prefect.yaml is deployed; `make` beside it ends with 3.0 s."""
    where = "import service, simulators; print(service.__path__[0], simulators.__path__[0])"
    python = (installed / "bin" / "python", "-c", where)
    told = subprocess.run(python, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    assert [Path(path).is_relative_to(installed) for path in told.stdout.split()] == [True, True], told
    prefect_port, simulators_port, api_port = free_ports(3)
    command = Installed(
        installed / "bin" / "longvideo",
        tmp_path,
        LONGVIDEO_MODE="simulated",
        LONGVIDEO_TIME_SCALE="100",
        LONGVIDEO_PREFECT_PORT=str(prefect_port),
        LONGVIDEO_SIMULATORS_PORT=str(simulators_port),
        LONGVIDEO_API_PORT=str(api_port),
    )
    with command.start("up") as up:
        try:
            said = until_ready(up)
            servers = {"PREFECT_API_URL": f"{said['Prefect']}/api", "LONGVIDEO_SIMULATORS_URL": said["simulators"]}
            film = ("A heron waits", "--duration", "3", "--no-music", "--out", "heron.mp4")
            code, out, err = command.run("make", *film, **servers)
            up.send_signal(signal.SIGINT)
            up.communicate(timeout=180)
        finally:
            up.kill()
    assert (code, up.returncode) == (0, 0), (out, err)
    with av.open(str(tmp_path / "heron.mp4")) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.duration * video.time_base, audio.duration * audio.time_base) == (3, 3)
