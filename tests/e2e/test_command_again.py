"""The same command again, twice at once, and beside a Prefect that dies: one film, paid once, every end told."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Command

WISH = ["make", "A calm sea", "--duration", "4", "--provider", "seedance-fast", "--resolution", "480p"]
QUIET = [*WISH, "--language", "en", "--no-narration", "--no-music"]


def films_of(command: Command) -> list[str]:
    """Return the status of each film of the command's home, straight from its rows: a command takes seconds."""
    ledger = command.folder / "home" / "longvideo.db"
    if not ledger.exists():
        return []
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=30)) as rows:
        known = rows.execute("SELECT count(*) FROM sqlite_master WHERE name = 'film'").fetchone()[0]
        return [status for (status,) in rows.execute("SELECT status FROM film")] if known else []


def until(condition: Callable[[], bool], *, deadline_s: float = 120) -> None:
    """Wait until a condition of another process's making holds."""
    ends_s = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < ends_s, "it never came to that"
        time.sleep(0.05)


def ended(process: "subprocess.Popen[str]", *, deadline_s: float = 180) -> tuple[int, str]:
    """Return a process's exit code and all it said."""
    out, err = process.communicate(timeout=deadline_s)
    return process.returncode, out + err


def test_a_command_killed_before_its_files_were_there_writes_them(command: Command) -> None:
    """The film is completed, the process dies, the file isn't there: the same order writes it and buys nothing."""
    out = command.folder / "film.mp4"
    code, _, _ = command.run(*QUIET, "--out", str(out), LONGVIDEO_CRASH_AT="film_completed")
    assert code == -signal.SIGKILL
    assert not out.exists()
    code, said, err = command.run(*QUIET, "--out", str(out))
    assert code == 0, err
    assert "Writing" in said or "writing" in said
    assert out.stat().st_size > 1000
    assert len(films_of(command)) == 1
    code, _, _ = command.run(*QUIET, "--out", str(out))  # it is there: the same words are another order now
    assert (code, len(films_of(command))) == (0, 2)


def test_the_same_command_twice_at_once_is_one_film(command: Command) -> None:
    """The second says so, follows the first, and writes the film where it was asked to."""
    first = command.start(*QUIET, "--out", "first.mp4")
    until(lambda: bool(films_of(command)))
    second = command.start(*QUIET, "--out", "second.mp4")
    (code, said), (other, told) = ended(first), ended(second)
    assert (code, other) == (0, 0), said + told
    assert "follows" in told
    assert len(films_of(command)) == 1
    assert (command.folder / "first.mp4").read_bytes() == (command.folder / "second.mp4").read_bytes()


def test_a_follower_takes_over_from_one_that_dies(command: Command) -> None:
    """The first is killed while the second follows it: the second goes on with the film, and the books balance."""
    first = command.start(*QUIET, "--out", "first.mp4")
    until(lambda: bool(films_of(command)))
    second = command.start(*QUIET, "--out", "second.mp4")
    first.kill()
    first.communicate()
    code, told = ended(second)
    assert code == 0, told
    assert len(films_of(command)) == 1
    audited, said, err = command.run("audit", "--deep")
    assert audited == 0, said + err


@pytest.mark.parametrize("signal_of_death", [signal.SIGKILL, signal.SIGSTOP])
def test_a_film_outlives_its_own_prefect_server(
    servers: dict[str, str], tmp_path: Path, signal_of_death: signal.Signals
) -> None:
    """The command's own server is killed, or stands still, while it is needed: the command ends with the film."""
    own = {name: value for name, value in servers.items() if name != "PREFECT_API_URL"}
    command = Command(tmp_path, **own)
    command.forget("PREFECT_API_URL")
    process = command.start(*QUIET, "--out", "film.mp4")
    until(lambda: "generating" in films_of(command))
    children = psutil.Process(process.pid).children()
    (prefect,) = [child for child in children if "server_child" in " ".join(child.cmdline())]
    prefect.send_signal(signal_of_death)
    try:
        code, said = ended(process)
    finally:
        with suppress(psutil.NoSuchProcess):
            prefect.kill()
    assert code == 0, said
    assert (tmp_path / "film.mp4").stat().st_size > 1000
    assert "Traceback" not in said
