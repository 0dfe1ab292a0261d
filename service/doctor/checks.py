"""`longvideo doctor`: every dependency, key and limit, and what to do where something is missing."""

import asyncio
import platform
import shutil
from collections.abc import Sequence
from importlib.metadata import version

from app.ledger import open_ledger
from app.settings import Settings
from film.errors import InvariantBroken, LongVideoError
from ledger.audit.run import check_books
from media.command import run_ffmpeg
from media.disk import free_bytes
from media.text.fonts import font_path
from service.doctor.result import CheckResult
from service.doctor.vendors import examine_vendors
from store.objects import Objects

_GIB = 2**30
_LITTLE_GIB = 2
#: How long a store may take to answer, its client's own tries included, in seconds.
_STORE_S = 20.0


async def examine(settings: Settings) -> Sequence[CheckResult]:
    """Look at everything a film needs here; nothing is bought and nothing is written but the home folder."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return [
        CheckResult(name="python", fine=True, found=platform.python_version()),
        CheckResult(name="prefect", fine=True, found=version("prefect")),
        await _ffmpeg(),
        CheckResult(
            name="font", fine=font_path().exists(), found=font_path().name, remedy="reinstall paperang-p2-fonts-cjk"
        ),
        _disk(settings),
        await _books(settings),
        await _store(settings),
        *await examine_vendors(settings),
    ]


async def _ffmpeg() -> CheckResult:
    try:
        report = await run_ffmpeg(["-version"], deadline_s=20)
    except (LongVideoError, OSError) as error:
        return CheckResult(name="ffmpeg", fine=False, found=str(error), remedy="reinstall imageio-ffmpeg")
    return CheckResult(name="ffmpeg", fine=True, found=report.stdout.split(b"\n", 1)[0].decode()[:60])


def _disk(settings: Settings) -> CheckResult:
    free = free_bytes(settings.home) / _GIB
    total = shutil.disk_usage(settings.home).total / _GIB
    return CheckResult(
        name="disk",
        fine=free > _LITTLE_GIB,
        found=f"{free:.0f} of {total:.0f} GiB free at {settings.home}",
        remedy="make room, or set LONGVIDEO_HOME to another disk",
    )


async def _books(settings: Settings) -> CheckResult:
    sqlite = settings.ledger_url.startswith("sqlite")
    try:
        async with open_ledger(settings) as database:
            await check_books(database)
    except InvariantBroken as error:
        return CheckResult(
            name="ledger", fine=False, found=str(error), remedy="stop making films and run `longvideo audit`"
        )
    except LongVideoError as error:
        return CheckResult(name="ledger", fine=False, found=str(error), remedy="see LONGVIDEO_DATABASE_URL")
    return CheckResult(name="ledger", fine=True, found=f"{'SQLite' if sqlite else 'PostgreSQL'}, its balances sum to 0")


async def _store(settings: Settings) -> CheckResult:
    try:
        async with asyncio.timeout(_STORE_S):
            await Objects(settings.objects_url).size_of("doctor")
    except TimeoutError:
        return CheckResult(name="store", fine=False, found="no answer", remedy="see LONGVIDEO_STORE_URL")
    except LongVideoError as error:
        return CheckResult(name="store", fine=False, found=str(error), remedy="see LONGVIDEO_STORE_URL")
    return CheckResult(name="store", fine=True, found=settings.objects_url)
