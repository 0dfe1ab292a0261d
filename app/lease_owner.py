"""Who owns a film's lease: a process on a machine. Nobody waits for the lease of one that died on this machine.

A pid says something only to those who count pids alike: containers may share a host name, and each has a pid 7. So a
owner's name tells its boot and its pid namespace as well, and when it began, for a pid that is used again.
"""

import os
import secrets
import socket
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_HOST_CHARACTERS_MAX: Final = 64
#: Of the boot's random id: enough to tell boots apart, and a name stays within its column.
_BOOT_CHARACTERS: Final = 16
#: Where a process's start stands in its `stat`, behind its name: field 22 (proc(5)), counted from the third.
_START_FIELD: Final = 22 - 3


def new_owner_id(*, proc: Path = _PROC) -> str:
    """Return this process's name as an owner: machine, process id, its birth, and a random mark.

    The birth is `boot-namespace-start`; empty on a system that doesn't tell it.
    """
    pid, place = os.getpid(), _place(proc)
    start = None if place is None else _start(proc, pid)
    birth = "" if start is None else f"{place}-{start}"
    return f"{_host()}:{pid}:{birth}:{secrets.token_hex(3)}"


def is_dead_local_process(owner: str, *, proc: Path = _PROC) -> bool:
    """Whether an owner was a process of this machine, boot and pid namespace that is gone; of others nothing is known.

    Args:
        owner: Its name, as its process made it.
        proc: Where this system tells of its processes.
    """
    parts = owner.split(":")
    if len(parts) != 4:
        return False
    host, pid, (place, _, start) = parts[0], parts[1], parts[2].rpartition("-")
    if host != _host() or not place or place != _place(proc) or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return _start(proc, int(pid)) not in {start, None}


def _host() -> str:
    return socket.gethostname()[:_HOST_CHARACTERS_MAX]


def _place(proc: Path) -> str | None:
    """Return whose pids these are: this boot's, in this namespace; None if this system doesn't tell."""
    try:
        # A /proc of another namespace would tell of other processes than the pids here mean.
        if os.readlink(proc / "self") != str(os.getpid()):  # noqa: PTH115 - the link's own text
            return None
        boot = (proc / "sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")
        return f"{boot[:_BOOT_CHARACTERS]}-{(proc / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _start(proc: Path, pid: int) -> str | None:
    """Return when a process began, in ticks of its boot; None if that can't be read."""
    try:
        stat = (proc / str(pid) / "stat").read_text("utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return fields[_START_FIELD] if len(fields) > _START_FIELD else None
