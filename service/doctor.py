"""`longvideo doctor`: every dependency, key and limit, and what to do where something is missing."""

import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from film.clock import SystemClock
from film.errors import LongVideoError
from film.profiles import PROFILES, Vendor
from ledger.audit import check_books
from ledger.database import open_books
from media.command import run_ffmpeg
from media.disk import free_bytes
from media.fonts import font_path
from store.objects import Objects
from tasks.settings import Settings

_GIB = 2**30
_LITTLE_GIB = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: whether it is fine, what was found, and the remedy where it isn't."""

    name: str
    fine: bool
    found: str
    remedy: str = ""

    def line(self) -> str:
        """Return it as a line of text."""
        mark = "ok  " if self.fine else "FAIL"
        return f"{mark} {self.name}: {self.found}" + (f" -> {self.remedy}" if self.remedy and not self.fine else "")

    def as_json(self) -> dict[str, str | bool]:
        """Return it as scripts get it."""
        return {"name": self.name, "fine": self.fine, "found": self.found, "remedy": self.remedy}


async def examine(settings: Settings) -> Sequence[Finding]:
    """Look at everything a film needs here; nothing is bought and nothing is written but the home folder."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return [
        Finding(name="python", fine=True, found=platform.python_version()),
        Finding(name="prefect", fine=True, found=version("prefect")),
        await _ffmpeg(),
        Finding(
            name="font", fine=font_path().exists(), found=font_path().name, remedy="reinstall paperang-p2-fonts-cjk"
        ),
        _disk(settings),
        await _books(settings),
        _store(settings),
        *_keys(settings),
    ]


async def _ffmpeg() -> Finding:
    try:
        report = await run_ffmpeg(["-version"], deadline_s=20)
    except (LongVideoError, OSError) as error:
        return Finding(name="ffmpeg", fine=False, found=str(error), remedy="reinstall imageio-ffmpeg")
    return Finding(name="ffmpeg", fine=True, found=report.stdout.split(b"\n", 1)[0].decode()[:60])


def _disk(settings: Settings) -> Finding:
    free = free_bytes(settings.home) / _GIB
    total = shutil.disk_usage(settings.home).total / _GIB
    return Finding(
        name="disk",
        fine=free > _LITTLE_GIB,
        found=f"{free:.0f} of {total:.0f} GiB free at {settings.home}",
        remedy="make room, or set LONGVIDEO_HOME to another disk",
    )


async def _books(settings: Settings) -> Finding:
    sqlite = settings.ledger_url.startswith("sqlite")
    try:
        books = await open_books(settings.ledger_url, SystemClock(), migrate=sqlite)
    except LongVideoError as error:
        return Finding(name="ledger", fine=False, found=str(error), remedy="see LONGVIDEO_DATABASE_URL")
    try:
        await check_books(books)
    except LongVideoError as error:
        return Finding(
            name="ledger", fine=False, found=str(error), remedy="stop making films and run `longvideo audit`"
        )
    finally:
        await books.close()
    return Finding(name="ledger", fine=True, found=f"{'SQLite' if sqlite else 'PostgreSQL'}, its balances sum to 0")


def _store(settings: Settings) -> Finding:
    try:
        Objects(settings.objects_url)
    except LongVideoError as error:
        return Finding(name="store", fine=False, found=str(error), remedy="see LONGVIDEO_STORE_URL")
    return Finding(name="store", fine=True, found=settings.objects_url)


def _keys(settings: Settings) -> list[Finding]:
    if settings.simulated:
        found = f"simulated, {settings.time_scale:g} times as fast; live as soon as a video vendor's key is set"
        return [Finding(name="mode", fine=True, found=found)]
    findings = [Finding(name="mode", fine=True, found="live")]
    anthropic = bool(settings.anthropic_api_key.get_secret_value())
    findings.append(
        Finding(
            name="anthropic",
            fine=anthropic,
            found="key present" if anthropic else "no key",
            remedy="set ANTHROPIC_API_KEY: no script is written without it",
        )
    )
    for vendor in Vendor:
        present = bool(settings.key_of(vendor))
        models = ", ".join(profile.provider for profile in PROFILES.values() if profile.vendor is vendor)
        found = f"{'key present' if present else 'no key'} ({models})"
        # A vendor without a key is only missed by the films that name it.
        findings.append(Finding(name=vendor, fine=True, found=found))
    return findings
