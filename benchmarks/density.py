"""What a film in flight weighs: `python -m benchmarks.density [FILMS ...]`.

One `longvideo worker` holds 10, 50 and 200 films whose clips take minutes; beside it 8 films as Prefect's
`flow.serve()` runs them, a process each. Starts are paced by the dispatcher and told apart. The ledger is PostgreSQL.
"""

import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psutil  # type: ignore[import-untyped]
from sqlalchemy import func, select

from app.context import open_context
from app.settings import Mode, Settings
from benchmarks.databases import migrated_postgres
from benchmarks.families import cpu_s, family, memory_mb
from film.clock import SystemClock
from ledger.database import schema
from ledger.database.engine import Database, open_database
from purchasing.timings import Timings
from service.prefect.server import own_prefect_server
from simulators.launch import launched
from tasks.films.ordering import order_film, validate_request

_FILMS: Final = (10, 50, 200)
_SERVED: Final = 8
_TIME_SCALE: Final = 4.0
_STEADY_S: Final = 20.0
_START_S: Final = 600.0
_LOOK_S: Final = 0.5
_WISH: Final = {
    "prompt": "A calm sea",
    "duration": 4,
    "provider": "seedance-fast",
    "resolution": "480p",
    "language": "en",
}
_SERVE: Final = "from flows.long_video import produce_film; produce_film.serve(name='density', limit=100)"

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Some films in flight: memory and CPU of whoever holds them, the starts apart; seconds, MB."""

    films: int
    how: str
    start_s: float
    start_cpu_s: float
    memory_mb: float
    empty_mb: float
    steady_cpu_s: float
    late_s: float

    @property
    def film_mb(self) -> float:
        """Memory a film."""
        return (self.memory_mb - self.empty_mb) / self.films

    def line(self) -> str:
        """Return the README's row."""
        return (
            f"{self.how}, {self.films} films: {self.film_mb:.1f} MB a film ({self.memory_mb:.0f} MB in all); "
            f"started in {self.start_s:.0f} s for {self.start_cpu_s / self.films:.2f} CPU s a film; then "
            f"{self.steady_cpu_s / self.films / _STEADY_S * 60:.2f} CPU s a film and minute, "
            f"leases renewed at most {self.late_s:.1f} s late"
        )


async def measure(films: int, environment: dict[str, str], database: Database, settings: Settings) -> Figure:
    """Order films, let one worker take them all, and look at it while they wait."""
    process = await _start(environment, "from service.cli.main import main; main()", "worker")

    async def ready() -> None:
        assert process.stdout is not None  # noqa: S101 - asked for with PIPE
        while not (await process.stdout.readline()).startswith(b"Ready"):
            pass

    async def begin() -> None:
        await _order(films, settings)

    return await _held("longvideo worker", films, process, database, ready, begin)


async def measure_served(films: int, environment: dict[str, str], database: Database, settings: Settings) -> Figure:
    """Let Prefect run each film in a process of its own, and look at them while they wait."""
    process, api_url = await _start(environment, _SERVE), environment["PREFECT_API_URL"]

    async def begin() -> None:
        for film_id in await _order(films, settings):
            await _run_served(api_url, film_id)

    return await _held("flow.serve(), a process a film", films, process, database, lambda: _served(api_url), begin)


async def _held(how: str, films: int, process: Process, database: Database, ready: Step, begin: Step) -> Figure:
    owner = psutil.Process(process.pid)
    try:
        await ready()
        empty_mb, before_s, began = memory_mb(owner), cpu_s(owner), time.monotonic()
        await begin()
        await _all_waiting(database, films)
        start_s, started_s = time.monotonic() - began, cpu_s(owner)
        late_s = await _lateness(database)
        return Figure(
            films=films,
            how=how,
            start_s=start_s,
            start_cpu_s=started_s - before_s,
            memory_mb=memory_mb(owner),
            empty_mb=empty_mb,
            steady_cpu_s=cpu_s(owner) - started_s,
            late_s=late_s,
        )
    finally:
        for one in reversed(family(owner)):
            one.kill()
        await process.wait()


async def _start(environment: dict[str, str], code: str, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *arguments),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _order(films: int, settings: Settings) -> list[str]:
    async with open_context(settings) as ctx:
        request = validate_request({**_WISH, "narration": False, "music": False}, settings)
        return [(await order_film(ctx, request, idem_key=None, at_once=False)).film_id for _ in range(films)]


async def _all_waiting(database: Database, films: int) -> None:
    """Wait until every film waits for its clip, or for its turn to order it."""
    async with asyncio.timeout(_START_S):
        while await _generating(database) < films:  # noqa: ASYNC110 - another process's rows
            await asyncio.sleep(_LOOK_S)


async def _generating(database: Database) -> int:
    query = select(func.count()).select_from(schema.film).where(schema.film.c.status == "generating")
    async with database.snapshot() as conn:
        return int((await conn.scalar(query)) or 0)


async def _lateness(database: Database) -> float:
    """Return how late any film's lease was renewed in the steady state."""
    timings, table, late_s = Timings.simulated(_TIME_SCALE), schema.film, 0.0
    query = select(func.min(table.c.lease_until_ms)).where(table.c.status == "generating")
    for _ in range(round(_STEADY_S / _LOOK_S)):
        await asyncio.sleep(_LOOK_S)
        async with database.snapshot() as conn:
            least_ms = (await conn.scalar(query)) or 0
        age_s = timings.lease_s - (least_ms - database.now_ms()) / 1000
        late_s = max(late_s, age_s - timings.renew_s - timings.poll_db_s)
    return late_s


async def _served(api_url: str) -> None:
    async with asyncio.timeout(_START_S), httpx.AsyncClient(base_url=api_url) as client:
        while not (await client.get("/deployments/name/produce-film/density")).is_success:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)


async def _run_served(api_url: str, film_id: str) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        deployment = (await client.get("/deployments/name/produce-film/density")).json()["id"]
        body = {"parameters": {"film_id": film_id}, "state": {"type": "SCHEDULED"}}
        (await client.post(f"/deployments/{deployment}/create_flow_run", json=body)).raise_for_status()


@asynccontextmanager
async def _ledger() -> AsyncIterator[tuple[str, Database]]:
    with migrated_postgres() as url:
        database = await open_database(url, SystemClock(), migrate=False)
        try:
            yield url, database
        finally:
            await database.close()


async def _one(films: int, *, served: bool) -> Figure:
    with tempfile.TemporaryDirectory(prefix="longvideo-density-") as name:
        home = Path(name)
        async with (
            own_prefect_server(home) as server,
            launched(home, time_scale=_TIME_SCALE) as simulators,
            _ledger() as (url, database),
        ):
            await server.healthy()
            # Longer than all starts together, so that all films wait at once.
            late = {
                "vendor": "listenhub-video",
                "operation": "create",
                "fault": "job_late",
                "seconds": 600 * _TIME_SCALE,
            }
            async with httpx.AsyncClient(base_url=simulators) as client:
                await client.put("/_control/faults", json={"rules": [{**late, "times": None}]})
            environment = {
                "PREFECT_API_URL": server.api_url,
                "PREFECT_HOME": str(home / "prefect"),
                "PREFECT_LOGGING_LEVEL": "ERROR",
                "LONGVIDEO_MODE": "simulated",
                "LONGVIDEO_HOME": name,
                "LONGVIDEO_DATABASE_URL": url,
                "LONGVIDEO_SIMULATORS_URL": simulators,
                "LONGVIDEO_TIME_SCALE": str(_TIME_SCALE),
            }
            settings = Settings(
                mode=Mode.SIMULATED,
                home=home,
                database_url=url,
                simulators_url=simulators,
                time_scale=_TIME_SCALE,
                _env_file=None,
            )
            how = measure_served if served else measure
            return await how(films, environment, database, settings)


async def main(films: tuple[int, ...]) -> int:
    """Measure each number of films and print a line each; the last line is the figure."""
    figures = []
    for number in films:
        figures.append(await _one(number, served=False))
        print(figures[-1].line(), flush=True)
    served = await _one(_SERVED, served=True)
    print(served.line(), flush=True)
    most = figures[-1]
    less = served.film_mb / most.film_mb
    print(f"{most.films} films in one process, {most.film_mb:.1f} MB a film, {less:.0f} times less")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(tuple(int(word) for word in sys.argv[1:]) or _FILMS)))
