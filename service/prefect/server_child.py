"""Prefect's server as a child: `python -m service.prefect.server_child PARENT ...` is `prefect server start`.

It ends with its parent: one killed by SIGKILL can't stop it, and the next one needs its port. On SQLite it does two
things otherwise than Prefect, without which it stands still under a dozen films (docs/decisions/0011).
"""

import gc
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import set_database_config
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

_LOOK_S: Final = 0.5
_COLLECT_S: Final = 1.0
#: Of so many collections one is whole.
_WHOLE: Final = 60


class _Writers(AioSqliteConfiguration):
    """SQLite whose transactions all begin as writers, so that they wait for each other.

    One that begins by reading and is overtaken by a writer can't write any more: Prefect answers 503, its client asks
    again after 2, 4, 8 ... 64 s, its UI gives up.
    """

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        del with_for_update
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def main(parent: int, *options: str) -> None:
    """Serve until stopped, or until the parent is gone."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    threading.Thread(target=_collect_apart, daemon=True).start()
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if url.startswith("sqlite"):
        set_database_config(_Writers(connection_url=url))
    sys.argv = ["prefect", "server", "start", *options]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


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
