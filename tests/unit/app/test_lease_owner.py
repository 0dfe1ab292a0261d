"""Who is dead: only a process whose machine, boot and pid namespace are ours can be judged by its pid."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.lease_owner import is_dead_local_process, new_owner_id
from film.errors import LeaseTaken

_HOLDER = "from app.lease_owner import new_owner_id; print(new_owner_id())"


def test_a_process_that_has_ended_is_dead_and_one_that_runs_is_not() -> None:
    """The owner of a child that has ended, and our own."""
    ended = subprocess.run([sys.executable, "-c", _HOLDER], capture_output=True, text=True, check=True).stdout.strip()
    assert [is_dead_local_process(ended), is_dead_local_process(new_owner_id())] == [True, False]


@pytest.mark.parametrize(("fact", "dead"), [("boot", False), ("namespace", False), ("start", True)])
def test_what_a_pid_proves(fact: str, *, dead: bool) -> None:
    """Of another boot, or of another container, nothing is known; a pid that another process has now proves an end.

    The other container's process has a pid that nobody has here.
    """
    host, pid, birth, mark = new_owner_id().split(":")
    boot, namespace, start = birth.split("-")
    changed = {"boot": boot, "namespace": namespace, "start": start, fact: "1" * 8}
    pid = pid if fact == "start" else str(_free_pid())
    assert is_dead_local_process(":".join([host, pid, "-".join(changed.values()), mark])) is dead


@pytest.mark.parametrize(
    "owner",
    ["elsewhere:{gone}:{birth}:abc", "{host}:{gone}:abc", "{host}:{gone}::abc", "{host}:x:{birth}:abc", "", "run-1"],
)
def test_of_others_nothing_is_known(owner: str) -> None:
    """Another machine, an older version's name, a process that couldn't tell, and what is no owner's name at all."""
    host, _, birth, _ = new_owner_id().split(":")
    assert not is_dead_local_process(owner.format(host=host, gone=_free_pid(), birth=birth))


def test_a_system_that_tells_nothing_judges_nobody(tmp_path: Path) -> None:
    """Without /proc an owner has no birth, and no owner is ever dead."""
    _, pid, birth, _ = new_owner_id(proc=tmp_path).split(":")
    assert (pid, birth) == (str(os.getpid()), "")
    assert not is_dead_local_process(new_owner_id().replace(f":{pid}:", f":{_free_pid()}:"), proc=tmp_path)


def test_a_holder_fits_its_column() -> None:
    """film.lease_owner has 128 characters; the longest host name of Linux has 64."""
    _, _, birth, mark = new_owner_id().split(":")
    longest = ":".join(["h" * 64, "4194304", "-".join([birth.split("-")[0], "4294967295", "9" * 12]), mark])
    assert len(longest) <= 128


def test_people_read_machine_and_pid() -> None:
    """The rest of the name is for programs."""
    taken = LeaseTaken(film_id="vid_1", owner=new_owner_id())
    assert f"vid_1 is already running on {taken.owner.split(':')[0]} (pid {os.getpid()});" in str(taken)


def _free_pid() -> int:
    return next(pid for pid in range(4_000_000, 2, -1) if not Path(f"/proc/{pid}").exists())
