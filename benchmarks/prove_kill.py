"""kill -9 at every failpoint, on SQLite and PostgreSQL: `python -m benchmarks.prove_kill [POINT ...]`.

`longvideo make` kills itself at a named point; a new process goes on. the simulators' own records say how often each
segment was paid, ours whether a credit was lost or made. The last line is the figure; exit code 0 when it is proven.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.databases import migrated_postgres
from film.clock import SystemClock
from film.errors import LongVideoError
from ledger.audit.run import check_books
from ledger.database.engine import open_database
from service.prefect.server import own_prefect_server
from simulators.launch import launched

POINTS = (
    "film_opened",
    "leased",
    "stage_scripting",
    "stage_moderation",
    "stage_anchoring",
    "stage_generating",
    "intent_committed",
    "reply_received",
    "intent_committed:3",
    "reply_received:3",
    "file_downloaded",
    "file_stored",
    "ready_posted",
    "ready_posted:3",
    "stage_audio",
    "stage_composing",
    "stage_delivering",
    "film_stored",
    "film_completed",
)
_TRIES_MAX = 12
_WAIT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One kill: what was wrong afterwards."""

    database: str
    point: str
    faults: tuple[str, ...]


async def prove(database: str, url: str, home: Path, servers: Mapping[str, str], point: str) -> Outcome:
    """Make a film of two segments, killed at `point`, then go on with it until it has ended."""
    prompt = f"A heron named {database} {point.replace('_', ' ').replace(':', ' ')}"
    environment = {**os.environ, **servers, "LONGVIDEO_HOME": str(home), "LONGVIDEO_DATABASE_URL": url}
    faults = []
    code, _ = await _make(prompt, home, {**environment, "LONGVIDEO_CRASH_AT": point})
    if code != -signal.SIGKILL:
        faults.append(f"was not killed: exit code {code}")
    film: dict[str, Any] = {}
    for _ in range(_TRIES_MAX):
        # A completed film isn't made again: the same order would be a new one.
        film = await _newest(home, environment)
        if film and film["status"] == "completed":
            break
        code, told = await _make(prompt, home, environment)
        if code == 0:
            film = told
            break
        await asyncio.sleep(_WAIT_S)  # the dead run's lease has to lapse
    if film.get("status") != "completed":
        faults.append(f"ended {film.get('status')}: {film.get('error')}")
    faults += await _books_faults(url)
    faults += await _vendor_faults(servers["LONGVIDEO_SIMULATORS_URL"], prompt)
    return Outcome(database=database, point=point, faults=tuple(faults))


async def _make(prompt: str, home: Path, environment: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    arguments = ["make", prompt, "--duration", "9", "--provider", "seedance-fast", "--resolution", "480p"]
    arguments += ["--no-narration", "--out", str(home / "film.mp4"), "--json"]
    return await _longvideo(arguments, environment)


async def _newest(home: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    del home
    _, films = await _longvideo(["list", "--limit", "1", "--json"], environment)
    return films[0] if films else {}


async def _longvideo(arguments: list[str], environment: Mapping[str, str]) -> tuple[int, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from service.cli.main import main; main()",
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, json.loads(out) if out else {}


async def _books_faults(url: str) -> list[str]:
    database = await open_database(url, SystemClock(), migrate=False)
    try:
        await check_books(database)
    except LongVideoError as error:
        return [str(error)]
    finally:
        await database.close()
    return []


async def _vendor_faults(simulators: str, prompt: str) -> list[str]:
    async with httpx.AsyncClient(base_url=simulators, trust_env=False) as client:
        jobs = (await client.get("/_control/jobs", params={"service": "listenhub-video"})).json()["jobs"]
    ours = [job for job in jobs if prompt in json.dumps(job, ensure_ascii=False)]
    return [] if len(ours) == 2 else [f"{len(ours)} video jobs were paid for 2 segments"]


async def main(points: tuple[str, ...]) -> int:
    """Prove every point on both databases and print a line each."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="longvideo-kill-") as name:
        folder = Path(name)
        async with own_prefect_server(folder) as server, launched(folder, time_scale=100) as simulators:
            await server.healthy()
            servers = {
                "PREFECT_API_URL": server.api_url,
                "LONGVIDEO_SIMULATORS_URL": simulators,
                "LONGVIDEO_TIME_SCALE": "100",
                "LONGVIDEO_MODE": "simulated",
            }
            with migrated_postgres() as postgres:
                for point in points:
                    for database, url in (("sqlite", ""), ("postgresql", postgres)):
                        home = folder / f"{database}-{point.replace(':', '-')}"
                        home.mkdir()
                        there = url or f"sqlite+aiosqlite:///{home / 'longvideo.db'}"
                        outcomes.append(await prove(database, there, home, servers, point))
                        print(f"{point} on {database}: {'; '.join(outcomes[-1].faults) or 'fine'}", flush=True)
    bad = sum(bool(outcome.faults) for outcome in outcomes)
    print(f"kills {len(outcomes)}, not recovered exactly {bad}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(tuple(sys.argv[1:]) or POINTS)))
