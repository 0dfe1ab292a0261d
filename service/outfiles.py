"""The film where the user asked for it: OUT and, beside it, subtitles and poster of the same stem."""

import asyncio
import tempfile
from pathlib import Path

from film.errors import StoreUnusable
from ledger.rows import Film
from store.objects import Objects


async def copy_out(objects: Objects, film: Film, out: Path) -> tuple[Path, ...]:
    """Copy a completed film to `out`, `.srt`, `.vtt` and `.jpg` beside it; each appears whole or not at all.

    Returns:
        The files written, the film first.

    Raises:
        StoreUnusable: The film has no file, or it can't be read or written.
    """
    if film.result is None:
        raise StoreUnusable(where=film.id, reason=f"the film is {film.status}, there is no file")
    wanted = {out: film.result.film, out.with_suffix(".jpg"): film.result.poster}
    if film.result.srt is not None and film.result.vtt is not None:
        wanted |= {out.with_suffix(".srt"): film.result.srt, out.with_suffix(".vtt"): film.result.vtt}
    try:
        await asyncio.to_thread(out.parent.mkdir, parents=True, exist_ok=True)
        for target, key in wanted.items():
            await _copy(objects, key, target)
    except OSError as error:
        raise StoreUnusable(where=str(out), reason=error.strerror or str(error)) from error
    return tuple(wanted)


async def _copy(objects: Objects, key: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".longvideo-", dir=target.parent) as folder:
        draft = Path(folder) / target.name
        await objects.read(key, draft)
        draft.chmod(0o644)
        draft.replace(target)
