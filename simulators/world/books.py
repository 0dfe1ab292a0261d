"""The vendors' books: jobs are created and paid in one transaction, and settled when somebody looks."""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiosqlite

from simulators.world.clock import Clock
from simulators.world.database import Database
from simulators.world.errors import NotEnoughCredits, TooManyAtOnce
from simulators.world.jobs import Fate, Job, Order, Progress, Stage, due_ms, progress_of
from simulators.world.settings import Service, Settings, Vendor
from simulators.world.windows import take_place
from simulators.world.workshop import Workshop

_OPEN = Stage.WORKING.value


class Books:
    """Every vendor's jobs and balances. Balances are never stored: granted - charged + refunded."""

    def __init__(self, *, database: Database, clock: Clock, settings: Settings, workshop: Workshop) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._workshop = workshop
        self._one_create_at_a_time = asyncio.Lock()

    async def create(self, order: Order, *, window: str, deal: Callable[[Order], Awaitable[Fate]]) -> Job:
        """Take a place in the rate window, take the price and write the job, all in one transaction; then start work.

        Args:
            order: What was ordered.
            window: The rate window it takes a place in.
            deal: Says what becomes of the job; asked once, and only for an order that was accepted.

        Raises:
            TooMany: The user's rate window is full.
            TooManyAtOnce: The user has as many jobs running as the vendor allows.
            NotEnoughCredits: The balance does not cover the price.
        """
        async with self._one_create_at_a_time:
            await self._refuse_too_many(order)
            async with self._database.transaction() as connection:
                limit = self._settings.creates_per_minute[window]
                await take_place(connection, self._clock, window=window, user=order.user, limit=limit)
                available = await self._balance(connection, order.service.vendor, order.user)
                if available < order.price:
                    raise NotEnoughCredits(needed=order.price, available=available)
                job = await _insert(connection, order, created_ms=self._clock.now_ms())
            job = await self._doom(job, await deal(order))
        if self._settings.render_ahead:
            self._start(job)
        return job

    async def record(self, order: Order) -> Job:
        """Write a piece of work that was done and paid at once (a Claude message); no window, no file."""
        async with self._database.transaction() as connection:
            job = await _insert(connection, order, created_ms=self._clock.now_ms())
            await connection.execute(
                "UPDATE job SET state = ?, ended_ms = created_ms WHERE id = ?", (Stage.SUCCESS.value, job.id)
            )
        return job

    async def find(self, job_id: str) -> Job | None:
        """Return a job by its id, whoever owns it."""
        rows = await self._database.rows("SELECT * FROM job WHERE id = ?", (job_id,))
        return Job.of_row(rows[0]) if rows else None

    async def jobs_of(self, service: Service, user: str | None) -> list[Job]:
        """Return the jobs of one user (None: everybody's), newest first."""
        rows = await self._database.rows(
            "SELECT * FROM job WHERE service = ? AND (? IS NULL OR user = ?) ORDER BY ordinal DESC",
            (service.value, user, user),
        )
        return [Job.of_row(row) for row in rows]

    async def observe(self, job: Job) -> tuple[Job, Progress]:
        """Look at a job as its owner: settle it, start its missing file, return it with its progress."""
        job, progress, stored = await self._settle(job)
        if not stored and (self._settings.render_ahead or progress.share >= 1):
            self._start(job)
        return job, progress

    async def _settle(self, job: Job) -> tuple[Job, Progress, bool]:
        """End a job whose clock has ended; return it, its progress, and whether its file is there."""
        stored = self._workshop.has(job)
        now_ms = self._clock.now_ms()
        progress = progress_of(job, now_ms=now_ms, time_scale=self._clock.time_scale, stored=stored)
        if progress.stage is Stage.FAILED and job.state is not Stage.FAILED:
            job = await self._end(job, state=Stage.FAILED)
        if progress.stage is Stage.SUCCESS and job.state is not Stage.SUCCESS:
            job = await self._end(job, state=Stage.SUCCESS)
        return job, progress, stored

    async def resume(self) -> None:
        """After a start: take up the work that a former process left unfinished."""
        rows = await self._database.rows("SELECT * FROM job WHERE state = ? ORDER BY ordinal", (_OPEN,))
        for row in rows:
            await self.observe(Job.of_row(row))

    async def balance(self, vendor: Vendor, user: str) -> int:
        """Return what the user can still spend, in the vendor's credits."""
        async with self._database.transaction() as connection:
            return await self._balance(connection, vendor, user)

    async def report(self) -> list[dict[str, Any]]:
        """Return every user's books with every job of theirs, settled up to now."""
        open_rows = await self._database.rows("SELECT * FROM job WHERE state = ?", (_OPEN,))
        for row in open_rows:
            await self._settle(Job.of_row(row))
        rows = await self._database.rows("SELECT * FROM job ORDER BY ordinal")
        books: dict[tuple[Vendor, str], list[Job]] = {(key.vendor, key.user): [] for key in self._settings.keys}
        for job in map(Job.of_row, rows):
            books.setdefault((job.service.vendor, job.user), []).append(job)
        return [self._page(vendor, user, jobs) for (vendor, user), jobs in books.items()]

    def _page(self, vendor: Vendor, user: str, jobs: Sequence[Job]) -> dict[str, Any]:
        charged = sum(job.charged for job in jobs)
        refunded = sum(job.refunded for job in jobs)
        granted = self._settings.grants[vendor]
        return {
            "vendor": vendor.value,
            "key_id": user,
            "granted": granted,
            "charged": charged,
            "refunded": refunded,
            "balance": granted - charged + refunded,
            "jobs": [_entry(job) for job in jobs],
        }

    def _start(self, job: Job) -> None:
        if job.fate.fails_at is None and job.service is not Service.ANTHROPIC:
            self._workshop.start(job)

    async def _refuse_too_many(self, order: Order) -> None:
        limit = self._settings.concurrent_jobs.get(order.service)
        if limit is None:
            return
        rows = await self._database.rows(
            "SELECT * FROM job WHERE service = ? AND user = ? AND state = ?", (order.service.value, order.user, _OPEN)
        )
        stages = [(await self._settle(Job.of_row(row)))[1].stage for row in rows]
        if sum(stage not in {Stage.SUCCESS, Stage.FAILED} for stage in stages) >= limit:
            raise TooManyAtOnce

    async def _doom(self, job: Job, fate: Fate) -> Job:
        if fate == job.fate:
            return job
        async with self._database.transaction() as connection:
            await connection.execute(
                "UPDATE job SET waits_s = ?, fails_at = ?, failure = ?, refunds = ? WHERE id = ?",
                (fate.waits_s, fate.fails_at, fate.failure, int(fate.refunds), job.id),
            )
        return dataclasses.replace(job, fate=fate)

    async def _balance(self, connection: aiosqlite.Connection, vendor: Vendor, user: str) -> int:
        async with connection.execute(
            "SELECT COALESCE(SUM(charged - refunded), 0) AS spent FROM job WHERE vendor = ? AND user = ?",
            (vendor.value, user),
        ) as cursor:
            row = await cursor.fetchone()
        return self._settings.grants[vendor] - (row["spent"] if row is not None else 0)

    async def _end(self, job: Job, *, state: Stage) -> Job:
        refund = state is Stage.FAILED and job.fate.refunds
        due = due_ms(job, time_scale=self._clock.time_scale)
        ended_ms = due if state is Stage.FAILED else max(due, self._clock.now_ms())
        async with self._database.transaction() as connection:
            # A job ends once: whoever looks second finds the row as the first left it.
            await connection.execute(
                "UPDATE job SET state = ?, ended_ms = ?, refunded = CASE WHEN ? THEN charged ELSE 0 END,"
                " charged = CASE WHEN ? THEN charged ELSE COALESCE(json_extract(result, '$.price'), charged) END"
                " WHERE id = ? AND state = ?",
                (state.value, ended_ms, refund, state is Stage.FAILED, job.id, _OPEN),
            )
        settled = await self.find(job.id)
        return job if settled is None else settled


async def _insert(connection: aiosqlite.Connection, order: Order, *, created_ms: int) -> Job:
    async with connection.execute(
        "INSERT INTO job (id, service, vendor, user, model, text, params, facts, created_ms, generation_s, waits_s,"
        " fails_at, failure, refunds, charged, refunded, state, ended_ms, result)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, '', 1, ?, 0, ?, NULL, '{}') RETURNING *",
        (
            order.id,
            order.service.value,
            order.service.vendor.value,
            order.user,
            order.model,
            order.text,
            _json(order.params),
            _json(order.facts),
            created_ms,
            order.generation_s,
            order.price,
            _OPEN,
        ),
    ) as cursor:
        rows = list(await cursor.fetchall())
    return Job.of_row(rows[0])


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False)


def _entry(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "service": job.service.value,
        "vendor": job.service.vendor.value,
        "key_id": job.user,
        "model": job.model,
        "text": job.text,
        "params": _without_pictures(job.params),
        "created_at": job.created_ms,
        "ended_at": job.ended_ms,
        "charged": job.charged,
        "refunded": job.refunded,
        "state": job.state.value,
        "fate": dataclasses.asdict(job.fate),
        "result": job.result,
    }


def _without_pictures(value: Any) -> Any:
    """Return an echo for people to read: pictures sent as data are named, not repeated."""
    match value:
        case dict():
            return {name: _without_pictures(part) for name, part in value.items()}
        case list():
            return [_without_pictures(part) for part in value]
        case str() if value.startswith("data:"):
            return f"{value[:40]}… ({len(value)} characters)"
    return value
