"""Failpoints for proofs: the process kills itself at a named point, as hard as the machine could."""

import os
import signal

from purchasing.context import Failpoint


def kill_at_failpoint(wanted: str) -> Failpoint:
    """Return a failpoint that ends this process by SIGKILL when `wanted` is reached.

    `name` kills at the first time the point is reached, `name:3` at the third.
    """
    name, _, count = wanted.partition(":")
    left = int(count or 1)

    def fault(point: str) -> None:
        nonlocal left
        if point != name:
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return fault
