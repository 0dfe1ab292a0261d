"""The film where the user asked for it: OUT and, beside it, subtitles and poster of the same stem."""

import asyncio
import tempfile
from pathlib import Path

from film.errors import InvalidRequest, OutputNotWritable, StoreUnavailable
from ledger.database.records import Film
from store.objects import Objects


async def export_film(objects: Objects, film: Film, out: Path) -> tuple[Path, ...]:
    """Copy a completed film to `out`, `.srt`, `.vtt` and `.jpg` beside it; each appears whole or not at all.

    Returns:
        The files written, the film first.

    Raises:
        StoreUnavailable: The film has no file, or it can't be read.
        OutputNotWritable: It can't be written there.
    """
    if film.result is None:
        raise StoreUnavailable(where=film.id, reason=f"the film is {film.status}, there is no file")
    wanted = {out: film.result.film, out.with_suffix(".jpg"): film.result.poster}
    if film.result.srt is not None and film.result.vtt is not None:
        wanted |= {out.with_suffix(".srt"): film.result.srt, out.with_suffix(".vtt"): film.result.vtt}
    try:
        await asyncio.to_thread(out.parent.mkdir, parents=True, exist_ok=True)
        for target, key in wanted.items():
            await _copy(objects, key, target)
    except OSError as error:
        raise OutputNotWritable(film_id=film.id, out=str(out), reason=error.strerror or str(error)) from error
    return tuple(wanted)


def check_output(out: Path) -> None:
    """Return if a film can be written there: known before anything is ordered.

    Raises:
        InvalidRequest: It is a folder, no .mp4, or can't be written.
    """
    if out.is_dir():
        raise InvalidRequest(field="out", reason=f"{out} is a folder; name a file in it")
    if out.suffix.lower() != ".mp4":
        raise InvalidRequest(field="out", reason=f"{out} doesn't end in .mp4, which every film is")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise InvalidRequest(field="out", reason=f"{out.parent} can't be written: {error.strerror}") from error


async def _copy(objects: Objects, key: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".longvideo-", dir=target.parent) as folder:
        draft = Path(folder) / target.name
        await objects.read(key, draft)
        draft.chmod(0o644)
        draft.replace(target)
