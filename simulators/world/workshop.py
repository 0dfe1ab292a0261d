"""Where results are made: a queue of renders, a folder a job, taken into place whole or not at all."""

import asyncio
import json
import logging
import secrets
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from simulators.world.database import Database
from simulators.world.errors import AssetMissing
from simulators.world.jobs import Job
from simulators.world.settings import Service

#: Makes a job's files in the given empty folder and returns what only the making could tell (its exact length, say).
Maker = Callable[[Job, Path], Awaitable[Mapping[str, Any]]]

_UNFINISHED: Final = ".unfinished"
_log = logging.getLogger("longvideo.simulators")


class Workshop:
    """Renders jobs in the background, at most `renders_at_once` together, each once however often it is asked for."""

    def __init__(
        self, *, database: Database, assets: Path, makers: Mapping[Service, Maker], renders_at_once: int
    ) -> None:
        self._database = database
        self._assets = assets
        self._makers = makers
        self._places = asyncio.Semaphore(renders_at_once)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def folder(self, job: Job) -> Path:
        """Return where the job's files lie once they are made."""
        return self._assets / job.service.value / job.id

    def main_file(self, job: Job) -> Path:
        """Return the file a customer paid for."""
        return self.folder(job) / str(job.facts.get("file", "nothing"))

    def has(self, job: Job) -> bool:
        """Tell whether the job's result is there, whole."""
        return self.main_file(job).is_file()

    def start(self, job: Job) -> asyncio.Task[None]:
        """Make the job's files in the background, unless that is under way already."""
        task = self._under_way.get(job.id)
        if task is None:
            task = asyncio.create_task(self._make(job), name=f"render {job.id}")
            self._under_way[job.id] = task
            task.add_done_callback(lambda _: self._under_way.pop(job.id, None))
        return task

    async def deliver(self, job: Job) -> Path:
        """Return the job's folder, made again first if its result is missing.

        Raises:
            AssetMissing: It could not be made.
        """
        if not self.has(job):
            await self.start(job)
        if not self.has(job):
            raise AssetMissing
        return self.folder(job)

    async def quiet(self) -> None:
        """Wait until nothing is being made."""
        while self._under_way:
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop what is under way; it starts again when somebody asks for it."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(self, job: Job) -> None:
        # A name of its own: another process may still be at the same job when this one takes it up.
        unfinished = self.folder(job).with_name(f".{job.id}.{secrets.token_hex(4)}{_UNFINISHED}")
        async with self._places:
            (outcome,) = await asyncio.gather(self._render(job, unfinished), return_exceptions=True)
            # Whatever breaks in a vendor's machinery fails the job, not the vendor.
            if isinstance(outcome, BaseException):
                _log.error("job %s of %s could not be rendered", job.id, job.service.value, exc_info=outcome)
                await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
                if not self.has(job):
                    await self._give_up(job, reason=type(outcome).__name__)

    async def _render(self, job: Job, unfinished: Path) -> None:
        await asyncio.to_thread(unfinished.mkdir, parents=True)
        result = await self._makers[job.service](job, unfinished)
        async with self._database.transaction() as connection:
            await connection.execute(
                "UPDATE job SET result = ? WHERE id = ?", (json.dumps(dict(result), ensure_ascii=False), job.id)
            )
        await asyncio.to_thread(_put_in_place, unfinished, self.folder(job), str(job.facts["file"]))

    async def _give_up(self, job: Job, *, reason: str) -> None:
        """Fail the job at the end of its time and give the money back."""
        async with self._database.transaction() as connection:
            await connection.execute(
                "UPDATE job SET fails_at = 1.0, failure = ?, refunds = 1 WHERE id = ?",
                (f"internal error ({reason})", job.id),
            )


def _put_in_place(unfinished: Path, folder: Path, main_file: str) -> None:
    """Move a finished folder to its place, unless another process was faster."""
    if not (folder / main_file).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            unfinished.rename(folder)
        except OSError:
            if not (folder / main_file).is_file():
                raise
    shutil.rmtree(unfinished, ignore_errors=True)


def sweep(assets: Path, *, older_than_s: float, now_s: float) -> None:
    """Remove what processes that were killed have left half made."""
    for folder in assets.glob(f"*/.*{_UNFINISHED}"):
        if folder.stat().st_mtime < now_s - older_than_s:
            shutil.rmtree(folder, ignore_errors=True)
