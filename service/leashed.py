"""A Python module run as a process that ends with its parent: `python -m service.leashed PARENT MODULE [ARGUMENT ...]`.

Prefect's server is started so: a parent killed by SIGKILL can't stop it, and the next one needs its port.
"""

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

_LOOK_S: Final = 0.5


def main(parent: int, module: str, *arguments: str) -> None:
    """Run `module` as `python -m` does, until the parent is gone."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
