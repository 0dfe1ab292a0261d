"""Who holds a film: a process on a machine. One that died on this machine needs no waiting for its lease to lapse."""

import os
import secrets
import socket


def new_holder() -> str:
    """Return this process's name as a holder: machine, process id and a random mark."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def is_dead(holder: str) -> bool:
    """Whether a holder was a process of this machine that is gone; of other machines nothing is known."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
