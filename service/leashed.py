"""A Python module run as a process that ends with its parent: `python -m service.leashed PARENT MODULE [ARGUMENT ...]`.

Prefect's server is started so: a parent killed by SIGKILL can't stop it, and the next one needs its port.
"""

import gc
import os
import runpy
import signal
import sys
import threading
import time
from itertools import count
from typing import Final

_LOOK_S: Final = 0.5
_COLLECT_S: Final = 1.0
#: Of so many collections one is whole.
_WHOLE: Final = 60


def main(parent: int, module: str, *arguments: str) -> None:
    """Run `module` as `python -m` does, until the parent is gone."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    threading.Thread(target=_collect_apart, daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _collect_apart() -> None:
    """Collect garbage in this thread alone.

    A forgotten SQLite statement is finalized by whoever collects it, who then waits for the statement's connection. If
    that was the thread which holds the database's lock, and the connection waited for just this lock, Prefect's server
    stood still for its whole busy timeout, a minute, whenever some ten films were started at once.
    """
    gc.disable()
    for turn in count(1):
        time.sleep(_COLLECT_S)
        gc.collect(2 if turn % _WHOLE == 0 else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
