"""Which processes of ours are alive: each tells at intervals that it is there."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select, update

from ledger.database import schema
from ledger.database.engine import Database, insert_missing


class ProcessKind(StrEnum):
    """What a process of ours does."""

    DISPATCHER = "dispatcher"
    WORKER = "worker"
    SENDER = "sender"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessInfo:
    """A process that was there at `seen_at_ms`."""

    id: str
    kind: ProcessKind
    host: str
    pid: int
    seen_at_ms: int


async def record_heartbeat(database: Database, process_id: str, kind: ProcessKind) -> None:
    """Note that this process, under `process_id`, is alive now."""
    now_ms = database.now_ms()
    async with database.transaction() as conn:
        values = {"id": process_id, "kind": kind, "host": socket.gethostname(), "pid": os.getpid()}
        await insert_missing(conn, schema.process, {**values, "seen_at_ms": now_ms})
        await conn.execute(update(schema.process).where(schema.process.c.id == process_id).values(seen_at_ms=now_ms))


async def deregister(database: Database, process_id: str) -> None:
    """Note that a process has ended in order; one that dies is merely no longer seen."""
    async with database.transaction() as conn:
        await conn.execute(delete(schema.process).where(schema.process.c.id == process_id))


async def live_processes(database: Database, kind: ProcessKind, *, within_s: float) -> Sequence[ProcessInfo]:
    """Return the processes of a kind that were seen within the last `within_s` seconds, the latest first."""
    table = schema.process
    since_ms = database.now_ms() - round(within_s * 1000)
    query = select(table).where(table.c.kind == kind, table.c.seen_at_ms >= since_ms)
    async with database.snapshot() as conn:
        found = await conn.execute(query.order_by(table.c.seen_at_ms.desc()))
        return [ProcessInfo(**{**row, "kind": ProcessKind(row["kind"])}) for row in found.mappings()]
