"""Salvage: compose an ended film again from its parts, or make a new film that adopts what a former one has ready."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import FilmNotFound, InvalidRequest, NoSegments, NotComposable, NotRetryable, SegmentsNotReady
from film.ids import FilmId, new_film_id
from film.job_specs import Purpose
from film.status import ErrorCode, SegmentState, Status
from ledger.credits.transfers import TransferKind, TransferRequest, create_transfers, top_up_for
from ledger.database import schema
from ledger.database.engine import Database
from ledger.films.orders import OrderResult, Payer, admit_order
from ledger.leases import LeaseOwner, assign_lease, lock_undeleted_film
from ledger.purchases.attempt import AttemptState, StoredFile

#: What was refused for its content is refused again: a new film needs a new prompt.
_REFUSED = frozenset({ErrorCode.SCRIPT_REFUSED, ErrorCode.MODERATION_REJECTED})


async def reopen_to_compose(database: Database, film_id: FilmId, *, lease_owner: LeaseOwner | None = None) -> None:
    """Lead an ended film back to composing, free of charge; its former end stays in the row until the new one.

    Args:
        database: The ledger.
        film_id: The film.
        lease_owner: Who makes it at once; None leaves it to a dispatcher.

    Raises:
        FilmNotFound: There is no such film.
        NotComposable: It is still being made.
        NoSegments: Nothing of it is ready.
        SegmentsNotReady: Parts of it are missing; `missing` names them.
    """
    async with database.transaction() as conn:
        row = await lock_undeleted_film(conn, film_id)
        if not Status(row["status"]).terminal:
            raise NotComposable(film_id=film_id)
        segments = await _segments(conn, film_id)
        missing = [segment["index"] for segment in segments if not _adopts(segment)]
        if len(missing) == len(segments):
            raise NoSegments(film_id=film_id)
        if missing:
            raise SegmentsNotReady(film_id=film_id, missing=missing)
        now_ms = database.now_ms()
        await conn.execute(
            update(schema.film)
            .where(schema.film.c.id == film_id)
            .values(
                status=Status.COMPOSING,
                former_status=row["status"],
                former_error=row["error"],
                error=None,
                compose_n=row["compose_n"] + 1,
                epoch=row["epoch"] + 1,
                dispatch_n=0,
                updated_at_ms=now_ms,
            )
        )
        if lease_owner is not None:
            await assign_lease(conn, film_id, lease_owner, now_ms=now_ms)


async def segment_indexes(database: Database, film_id: FilmId, numbers: Sequence[int], *, field: str) -> Sequence[int]:
    """Return the indexes of a film's segments that somebody counted from 1: inside, segments count from 0.

    Args:
        database: The ledger.
        film_id: The film.
        numbers: The segments' numbers.
        field: Where they were given.

    Raises:
        InvalidRequest: It has no such segment.
    """
    if not numbers:
        return ()
    async with database.snapshot() as conn:
        known = len(await _segments(conn, film_id))
    if unknown := [number for number in numbers if not 1 <= number <= known]:
        raise InvalidRequest(field=field, reason=f"the film has segments 1 to {known}, not {unknown}")
    return [number - 1 for number in numbers]


async def open_retry(
    database: Database,
    film_id: FilmId,
    payer: Payer,
    *,
    redo: Sequence[int],
    idem_key: str | None = None,
    lease_owner: LeaseOwner | None = None,
) -> OrderResult:
    """Open a new film that adopts every ready segment of an ended one and holds credits only for the others.

    Args:
        database: The ledger.
        film_id: The ended film, of the same account.
        payer: Who pays.
        redo: Indexes of ready segments to be rendered anew.
        idem_key: The customer's key for the new film; the same again answers with the film it made.
        lease_owner: Who makes it at once; None leaves it to a dispatcher.

    Raises:
        FilmNotFound: There is no such film, or it is another account's.
        NotRetryable: It is unfinished, was refused for its content, or is complete and `redo` is empty.
        InvalidRequest: `redo` names a segment that isn't there.
        InsufficientCredits: The account can't hold the missing segments; nothing was written.
        LimitReached: The customer has ordered as much as they may; nothing was written.
    """
    new_id = new_film_id()
    async with database.transaction() as conn:
        now_ms = database.now_ms()
        earlier = await admit_order(conn, payer, idem_key, now_ms=now_ms)
        if earlier is not None:
            return OrderResult(film_id=FilmId(earlier["id"]), replayed=True, mismatch=earlier["retry_of"] != film_id)
        former = await lock_undeleted_film(conn, film_id)
        if former["account"] != payer.account:
            raise FilmNotFound(film_id=film_id)
        segments = await _segments(conn, film_id)
        _check_retryable(former, segments, redo)
        kept = {segment["index"] for segment in segments if _adopts(segment) and segment["index"] not in redo}
        wanted = [segment for segment in segments if segment["index"] not in kept]
        await _insert_film(conn, former, new_id, payer, idem_key, sum(s["price_mc"] for s in wanted), now_ms=now_ms)
        holds = await _hold(conn, new_id, payer, wanted, now_ms=now_ms)
        await conn.execute(
            insert(schema.segment),
            [_segment(segment, new_id, holds.get(segment["index"])) for segment in segments],
        )
        if lease_owner is not None:
            await assign_lease(conn, new_id, lease_owner, now_ms=now_ms)
    return OrderResult(film_id=new_id)


def _adopts(segment: RowMapping) -> bool:
    """Whether a segment's clip is still there: an old film's clips may have been forgotten (ledger/films/retention)."""
    return segment["state"] == SegmentState.READY and segment["object_key"] is not None


def _check_retryable(former: RowMapping, segments: Sequence[RowMapping], redo: Sequence[int]) -> None:
    film_id, status = FilmId(former["id"]), Status(former["status"])
    refused = former["error"] is not None and former["error"]["code"] in _REFUSED
    if not status.terminal:
        raise NotRetryable(film_id=film_id, reason="it is still being made; retry once it has ended")
    if refused:
        raise NotRetryable(film_id=film_id, reason="it was refused for its content; order another one")
    if status is Status.COMPLETED and not redo:
        raise NotRetryable(film_id=film_id, reason="it is complete; name the segments to render anew")
    known = {segment["index"] for segment in segments}
    unknown = sorted(set(redo) - known)
    if unknown:
        raise InvalidRequest(field="redo", reason=f"the film has segments 0 to {len(known) - 1}, not {unknown}")


async def _segments(conn: AsyncConnection, film_id: FilmId) -> Sequence[RowMapping]:
    table = schema.segment
    found = await conn.execute(select(table).where(table.c.film == film_id).order_by(table.c.index))
    return found.mappings().all()


async def _insert_film(
    conn: AsyncConnection,
    former: RowMapping,
    new_id: FilmId,
    payer: Payer,
    idem_key: str | None,
    estimate_mc: int,
    *,
    now_ms: int,
) -> None:
    copied = ("account", "fingerprint", "request", "plan", "storyboard", "anchors", "simulated")
    await conn.execute(
        insert(schema.film).values(
            **{name: former[name] for name in copied},
            id=new_id,
            api_key=payer.api_key,
            idem_key=idem_key or new_id,
            status=Status.QUEUED,
            progress=0,
            stage_times_ms={Status.QUEUED: now_ms},
            awaiting_approval=False,
            cost_estimate_mc=estimate_mc,
            epoch=0,
            dispatch_n=0,
            compose_n=0,
            retry_of=former["id"],
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
    )


async def _hold(
    conn: AsyncConnection, new_id: FilmId, payer: Payer, wanted: Sequence[RowMapping], *, now_ms: int
) -> dict[int, int]:
    transfers = [
        TransferRequest(
            kind=TransferKind.HOLD,
            account=payer.account,
            amount_mc=segment["price_mc"],
            idem_key=f"hold:{new_id}:{segment['index']}",
            film=new_id,
            segment=segment["index"],
        )
        for segment in wanted
    ]
    grants: list[TransferRequest] = []
    if payer.granted_on_demand:
        needed = sum(transfer.amount_mc for transfer in transfers)
        grants = await top_up_for(conn, new_id, payer.account, needed)
    ids = await create_transfers(conn, [*grants, *transfers], now_ms=now_ms)
    return dict(zip([segment["index"] for segment in wanted], ids[len(grants) :], strict=True))


def _segment(former: RowMapping, new_id: FilmId, hold: int | None) -> dict[str, Any]:
    adopted = hold is None
    return {
        "film": new_id,
        **{name: former[name] for name in ("index", "kept_s", "rendered_s", "price_mc")},
        "hold": hold,
        "state": SegmentState.READY if adopted else SegmentState.PENDING,
        **{name: former[name] if adopted else None for name in ("object_key", "sha256", "size_bytes")},
    }


async def ready_object(database: Database, film_id: FilmId, purpose: Purpose, fingerprint: str) -> StoredFile | None:
    """Return the file a former film bought for an equal order, None if it bought none."""
    table = schema.attempt
    query = select(table.c.object_key, table.c.sha256, table.c.size_bytes).where(
        table.c.film == film_id,
        table.c.purpose == purpose,
        table.c.fingerprint == fingerprint,
        table.c.state == AttemptState.READY,
        table.c.object_key.is_not(None),
    )
    async with database.snapshot() as conn:
        row = (await conn.execute(query.limit(1))).first()
    return None if row is None else StoredFile(object_key=row.object_key, sha256=row.sha256, size_bytes=row.size_bytes)
