"""The workshop below the wire: two processes at one job, a maker that breaks, leftovers of the dead."""

import asyncio
import os
from contextlib import asynccontextmanager

import pytest

from simulators.world.books import Books
from simulators.world.clock import Clock
from simulators.world.database import Database
from simulators.world.jobs import Fate, Order, Stage
from simulators.world.settings import Service, Settings
from simulators.world.workshop import Workshop, sweep


@asynccontextmanager
async def vendor(home, make):
    """Open the ledger of a world in `home` whose videos are made by `make`."""
    settings = Settings(database=home / "world.db", assets=home / "assets", time_scale=1.0)
    database = await Database.open(settings.database)
    workshop = Workshop(
        database=database, assets=settings.assets, makers={Service.LISTENHUB_VIDEO: make}, renders_at_once=2
    )
    seconds = iter(range(1000, 10**6, 100))  # each look at the clock is 100 s later: longer than any job takes
    clock = Clock(time_scale=1.0, real_s=lambda: next(seconds))
    yield Books(database=database, clock=clock, settings=settings, workshop=workshop), workshop
    await workshop.close()
    await database.close()


async def ordered(books):
    async def deal(_):
        return Fate()

    order = Order(
        id="a1", service=Service.LISTENHUB_VIDEO, user="alpha", model="happyhorse", text="sea", params={}, price=9,
        generation_s=40.0, facts={"file": "clip.mp4"},
    )  # fmt: skip
    return await books.create(order, window="happyhorse", deal=deal)


async def write(_, folder):
    (folder / "clip.mp4").write_bytes(b"clip")
    return {"frames": 72}


async def test_two_processes_at_one_job_leave_one_whole_file(tmp_path):
    both_at_work = asyncio.Barrier(2)

    async def write_together(job, folder):
        async with asyncio.timeout(120):
            await both_at_work.wait()
        return await write(job, folder)

    async with (
        vendor(tmp_path, write_together) as (books, workshop),
        vendor(tmp_path, write_together) as (second, other),
    ):
        job = await ordered(books)
        await second.resume()
        await asyncio.gather(workshop.quiet(), other.quiet())
        ended, progress = await books.observe(job)
        assert (progress.stage, ended.refunded, ended.result) == (Stage.SUCCESS, 0, {"frames": 72})
        assert [path.name for path in workshop.folder(job).parent.iterdir()] == [job.id], "nothing half made is left"


@pytest.mark.parametrize("error", [OSError("disk full"), ZeroDivisionError("a bug")])
async def test_a_maker_that_breaks_fails_the_job_and_gives_the_money_back(tmp_path, error):
    async def break_down(_job, _folder):
        raise error

    async with vendor(tmp_path, break_down) as (books, workshop):
        job = await ordered(books)
        await workshop.quiet()
        broken = await books.find(job.id)
        ended, progress = await books.observe(broken)
        assert (progress.stage, ended.charged, ended.refunded) == (Stage.FAILED, 9, 9)
        assert type(error).__name__ in ended.fate.failure


async def test_only_old_leftovers_are_swept(tmp_path):
    for name in ("old", "young"):
        (tmp_path / "listenhub-video" / f".{name}.unfinished").mkdir(parents=True)
    os.utime(tmp_path / "listenhub-video" / ".old.unfinished", (1000, 1000))
    os.utime(tmp_path / "listenhub-video" / ".young.unfinished", (1950, 1950))
    sweep(tmp_path, older_than_s=900, now_s=2000)
    assert [path.name for path in (tmp_path / "listenhub-video").iterdir()] == [".young.unfinished"]
