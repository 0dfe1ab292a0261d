"""How near to the vendors' own limits a film of 180 s is bought: `python -m benchmarks.makespan [PROVIDER ...]`.

From the first submit to the last clip stored, against the least that the documented limits allow. happyhorse and
vibegen run in true time; the others at a time scale, where our own waits weigh more than they would in earnest.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from film.clock import SystemClock
from film.ids import LOCAL_ACCOUNT
from film.job_specs import Purpose
from film.profiles import PROFILES, Profile, Provider
from film.status import Status
from ledger.database.engine import open_database, sqlite_url
from ledger.films.queries import list_films
from ledger.purchases.attempt import AttemptState
from ledger.purchases.attempts import list_attempts

_DURATION_S = 180
_SCALES = {
    Provider.HAPPYHORSE: 1.0,
    Provider.SEEDANCE_FAST: 10.0,
    Provider.SENSEAUDIO: 10.0,
    Provider.VIBEGEN: 1.0,
}
_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One provider: vendor seconds from the first submit to the last clip, and what the limits allow."""

    provider: Provider
    scale: float
    segments: int
    took_s: float
    least_s: float
    refused: int

    @property
    def ratio(self) -> float:
        """How many times the least."""
        return self.took_s / self.least_s

    def line(self) -> str:
        """Return the README's row."""
        time = "true time" if self.scale == 1 else f"time scale {self.scale:g}"
        return (
            f"{self.provider}, {self.segments} segments, {time}: {self.took_s:.0f} s, "
            f"the limits allow {self.least_s:.0f} s, ratio {self.ratio:.3f}, refused submits {self.refused}"
        )


def least_s(profile: Profile, segments: int) -> float:
    """Return the least a vendor's limits allow between the first submit and the last clip, in its seconds."""
    last_submit_s = (ceil(segments / profile.submits_per_minute) - 1) * _WINDOW_S
    in_a_row = 1 if profile.jobs_at_once is None else ceil(segments / profile.jobs_at_once)
    return max(last_submit_s + profile.generation_s, in_a_row * profile.generation_s)


def measure(provider: Provider) -> Figure:
    """Make the film and read what the ledger says of its attempts."""
    scale, profile = _SCALES[provider], PROFILES[provider]
    resolution = "480p" if provider is Provider.SEEDANCE_FAST else "720p"
    with tempfile.TemporaryDirectory(prefix="longvideo-bench-") as folder:
        home = Path(folder) / "home"
        command = [
            sys.executable,
            "-c",
            "from service.cli.main import main; main()",
            "make",
            "A calm morning by the sea",
        ]
        command += ["--duration", str(_DURATION_S), "--provider", provider, "--resolution", resolution]
        command += ["--no-narration", "--no-music", "--out", f"{folder}/film.mp4"]
        environment = {
            **os.environ,
            "LONGVIDEO_MODE": "simulated",
            "LONGVIDEO_HOME": str(home),
            "LONGVIDEO_TIME_SCALE": str(scale),
        }
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return asyncio.run(_read(home, provider, scale, profile))


async def _read(home: Path, provider: Provider, scale: float, profile: Profile) -> Figure:
    database = await open_database(sqlite_url(home / "longvideo.db"), SystemClock(), migrate=False)
    (film,) = await list_films(database, LOCAL_ACCOUNT, limit=1)
    tried = await list_attempts(database, film.id, Purpose.SEGMENT)
    await database.close()
    if film.status is not Status.COMPLETED:
        raise SystemExit(f"the film ended {film.status}: {film.error}")
    ready = [attempt for attempt in tried if attempt.state is AttemptState.READY]
    began_ms, ended_ms = min(one.t_intent_ms for one in tried), max(one.ended_at_ms or 0 for one in ready)
    return Figure(
        provider=provider,
        scale=scale,
        segments=len(film.plan),
        took_s=(ended_ms - began_ms) / 1000 * scale,
        least_s=least_s(profile, len(film.plan)),
        refused=sum(attempt.state is AttemptState.REJECTED for attempt in tried),
    )


def main(names: list[str]) -> int:
    """Measure, print a line each; the last line is the figure."""
    figures = []
    for name in names or list(_SCALES):
        figures.append(measure(Provider(name)))
        print(figures[-1].line(), flush=True)
    print(f"figure: {figures[0].line()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
