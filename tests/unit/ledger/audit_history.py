"""A ledger after real operations, for the audit to read, and the way to plant in it what the database would refuse."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from film.ids import FilmId
from film.job_specs import Purpose, SoundSpec
from film.request import parse_request
from film.status import ErrorCode, Status
from ledger.audit.purchases import SubmitLimit
from ledger.database import schema
from ledger.database.engine import Database, open_database
from ledger.database.records import Deliverables, FilmError
from ledger.films import stages
from ledger.films.orders import open_film
from ledger.films.retry import open_retry, reopen_to_compose
from ledger.films.settlement import cancel_film, complete_film, fail_film
from ledger.leases import Lease, take_lease
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt, AttemptState, StoredFile
from ledger.purchases.attempts import Purchase
from tests.databases import HandClock
from tests.unit.ledger.conftest import LOCAL, RATE_LIMIT

Names = Mapping[str, str | int]

LIMIT: Final = SubmitLimit(
    vendor=RATE_LIMIT.vendor,
    model=RATE_LIMIT.model,
    submits=RATE_LIMIT.submits,
    window_ms=RATE_LIMIT.window_ms,
    simulated=True,
)
RESULT: Final = Deliverables(
    film="f", poster="p", sheet="s", storyboard="b", srt=None, vtt=None, size_bytes=1, sha256="0" * 64
)
_FAULT: Final = FilmError(code=ErrorCode.SEGMENT_FAILED, message="no", stage=Status.GENERATING, segment=2)
#: Five submits in 60 s are allowed.
_PACE_S: Final = 13


async def _leased(database: Database, **fields: str) -> Lease:
    request = parse_request({"prompt": "A calm morning", "duration": 17, "language": "en", **fields})
    opened = await open_film(database, request, LOCAL, idem_key=None, simulated=True)
    return await _taken(database, opened.film_id)


async def _taken(database: Database, film_id: FilmId) -> Lease:
    return await take_lease(database, film_id, owner="run", lease_s=60)


async def _walk(database: Database, lease: Lease, clock: HandClock, *, to: Status) -> None:
    for stage in list(Status)[1 : list(Status).index(to) + 1]:
        clock.time += 1
        await stages.enter_stage(database, lease, stage)


async def _bought(
    database: Database, lease: Lease, clock: HandClock, slot: int, purpose: Purpose = Purpose.SEGMENT
) -> Attempt:
    clock.time += _PACE_S
    purchase = Purchase(purpose=purpose, slot=slot, job_spec=SoundSpec(text="x"), fingerprint=f"{purpose}-{slot}")
    attempt = await attempts.create_intent(database, lease, purchase, RATE_LIMIT, nonce=round(clock.time))
    assert isinstance(attempt, Attempt), "the pace keeps the gate open"
    return attempt


async def _ready(database: Database, lease: Lease, clock: HandClock, slot: int) -> None:
    attempt = await _bought(database, lease, clock, slot)
    attempt = await attempts.attach_job(database, lease, attempt, listed=[f"job-{lease.film_id}-{slot}"])
    clock.time += 1
    file = StoredFile(object_key=f"clips/{attempt.id}.mp4", sha256=attempt.id[4:].ljust(64, "0"), size_bytes=9)
    await attempts.mark_ready(database, lease, attempt, file, charged=Decimal("12.5"), refunded=Decimal("0.5"))


async def write_history(database: Database, clock: HandClock) -> dict[str, str]:
    """Make films of every kind and return their ids by kind."""
    completed = await _leased(database, webhook_url="https://example.com/hook")
    await _walk(database, completed, clock, to=Status.GENERATING)
    for slot in range(3):
        await _ready(database, completed, clock, slot)
    await _walk(database, completed, clock, to=Status.DELIVERING)
    await complete_film(database, completed, RESULT)

    failed = await _leased(database, webhook_url="https://example.com/hook")
    await _walk(database, failed, clock, to=Status.GENERATING)
    await _ready(database, failed, clock, 0)
    refused = await _bought(database, failed, clock, 1)
    await attempts.close_attempt(database, failed, refused, AttemptState.REJECTED, failure="busy")
    lost = await _bought(database, failed, clock, 2)
    await attempts.mark_orphaned(database, failed, lost, failure="no list")
    lost = await _bought(database, failed, clock, 2)
    lost = await attempts.attach_job(database, failed, lost, listed=[f"job-{failed.film_id}-2"])
    await attempts.mark_failed(database, failed, lost, failure="broken", charged=Decimal(12), refunded=Decimal(12))
    await fail_film(database, failed, _FAULT)

    retried = await _taken(database, (await open_retry(database, failed.film_id, LOCAL, redo=())).film_id)
    await _walk(database, retried, clock, to=Status.GENERATING)
    for slot in (1, 2):
        await _ready(database, retried, clock, slot)
    await _walk(database, retried, clock, to=Status.DELIVERING)
    await complete_film(database, retried, RESULT)
    await reopen_to_compose(database, retried.film_id)
    again = await _taken(database, retried.film_id)
    await _walk(database, again, clock, to=Status.DELIVERING)
    await complete_film(database, again, RESULT)

    canceled = await _leased(database)
    await _walk(database, canceled, clock, to=Status.GENERATING)
    await _bought(database, canceled, clock, 0)
    await cancel_film(database, canceled.film_id)

    living = await _leased(database, webhook_url="https://example.com/hook")
    await _walk(database, living, clock, to=Status.GENERATING)
    await _ready(database, living, clock, 0)
    await attempts.attach_job(database, living, await _bought(database, living, clock, 1), listed=["job-running"])
    kinds = {"completed": completed, "failed": failed, "retried": retried, "canceled": canceled, "living": living}
    return {kind: lease.film_id for kind, lease in kinds.items()}


async def written(url: str) -> Names:
    """Write the history into the empty database at `url`, take its guards away and return the names of its rows."""
    clock = HandClock()
    database = await open_database(url, clock, migrate=False)
    names = await _named(database, await write_history(database, clock))
    await database.close()
    if url.startswith("sqlite"):
        _unguard_sqlite(Path(url.partition("///")[2]))
    else:
        await _unguard_postgres(url)
    return names


async def _named(database: Database, films: Mapping[str, str]) -> Names:
    """Return the ids of rows: `living` is a film, `post_living_0` its transfer, `ready_living_0` an attempt, ...."""
    kinds = {film_id: kind for kind, film_id in films.items()}
    transfer, attempt, entry, outbox = schema.transfer.c, schema.attempt.c, schema.entry.c, schema.outbox.c
    names: dict[str, str | int] = dict(films)
    async with database.snapshot() as conn:
        for row in await conn.execute(select(transfer.id, transfer.kind, transfer.film, transfer.segment)):
            place = kinds[row.film] if row.segment is None else f"{kinds[row.film]}_{row.segment}"
            names[f"{row.kind}_{place}"] = row.id
        for row in await conn.execute(select(attempt.id, attempt.state, attempt.film, attempt.slot)):
            names[f"{row.state}_{kinds[row.film]}_{row.slot}"] = row.id
        for row in await conn.execute(select(entry.id, entry.kind, entry.version)):
            names[f"entry_{row.kind}_{row.version}"] = row.id
        for row in await conn.execute(select(outbox.id, outbox.film)):
            names[f"outbox_{kinds[row.film]}"] = row.id
    return names


def _unguard_sqlite(path: Path) -> None:
    """Copy each table into one that has no constraint and no trigger."""
    with closing(sqlite3.connect(path)) as database, database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            database.execute(f"CREATE TABLE bare AS SELECT * FROM {name}")  # noqa: S608 - our own tables
            database.execute(f"DROP TABLE {name}")
            database.execute(f"ALTER TABLE bare RENAME TO {name}")


async def _unguard_postgres(url: str) -> None:
    """Drop every constraint and every trigger."""
    engine = create_async_engine(url)
    async with engine.begin() as conn:
        await conn.exec_driver_sql(
            """DO $$ DECLARE guard record; BEGIN
            FOR guard IN SELECT conrelid::regclass AS host, conname FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c', 'u', 'p') ORDER BY contype LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', guard.host, guard.conname);
            END LOOP;
            FOR guard IN SELECT tgrelid::regclass AS host, tgname FROM pg_trigger WHERE NOT tgisinternal LOOP
                EXECUTE format('DROP TRIGGER %I ON %s', guard.tgname, guard.host);
            END LOOP; END $$"""
        )
    await engine.dispose()
