"""Which processes of ours are alive: each tells at intervals that it is there."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select, update

from ledger import schema
from ledger.database import Books, insert_missing


class ProcessKind(StrEnum):
    """What a process of ours does."""

    DISPATCHER = "dispatcher"
    WORKER = "worker"
    SENDER = "sender"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A process that was there at `seen_at_ms`."""

    id: str
    kind: ProcessKind
    host: str
    pid: int
    seen_at_ms: int


async def tell_alive(books: Books, process_id: str, kind: ProcessKind) -> None:
    """Note that this process, under `process_id`, is alive now."""
    now_ms = books.now_ms()
    async with books.writing() as rows:
        values = {"id": process_id, "kind": kind, "host": socket.gethostname(), "pid": os.getpid()}
        await insert_missing(rows, schema.process, {**values, "seen_at_ms": now_ms})
        await rows.execute(update(schema.process).where(schema.process.c.id == process_id).values(seen_at_ms=now_ms))


async def tell_gone(books: Books, process_id: str) -> None:
    """Note that a process has ended in order; one that dies is merely no longer seen."""
    async with books.writing() as rows:
        await rows.execute(delete(schema.process).where(schema.process.c.id == process_id))


async def alive(books: Books, kind: ProcessKind, *, within_s: float) -> Sequence[Seen]:
    """Return the processes of a kind that were seen within the last `within_s` seconds, the latest first."""
    table = schema.process
    since_ms = books.now_ms() - round(within_s * 1000)
    query = select(table).where(table.c.kind == kind, table.c.seen_at_ms >= since_ms)
    async with books.reading() as rows:
        found = await rows.execute(query.order_by(table.c.seen_at_ms.desc()))
        return [Seen(**{**row, "kind": ProcessKind(row["kind"])}) for row in found.mappings()]
