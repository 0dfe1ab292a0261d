"""From a stored clip to its part: copied where it fits, else encoded once, cards and subtitles in the same encode."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from film.canvas import FPS, frames_of, samples_of
from film.cues import Cue
from film.plan import Slot, shot_starts
from film.request import Subtitles
from ledger.films.stages import save_part
from ledger.purchases.attempt import StoredFile
from media.film.join import nonconforming_parts
from media.ingest.validate import validate_clip
from media.picture.conform import conform
from media.picture.frames import Seam, seam
from media.picture.overlay import Overlay
from media.picture.part import Part, read_part
from media.text.cards import end_card, title_card
from media.text.subtitles import ass
from tasks.intact import intact_copy
from tasks.run.film_run import FilmRun

#: How long a card is seen.
_CARD_FRAMES: Final = 2 * FPS


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformedSegment:
    """A segment's clip and its part; what is needed to make the part anew."""

    slot: Slot
    clip: StoredFile
    cues: tuple[Cue, ...]
    #: The cut before it, of a chained film.
    seam: Seam | None
    part: Part

    @property
    def skip_frames(self) -> int:
        """1 where the clip repeats the frame it was told to start from, else 0."""
        return 0 if self.seam is None else int(self.seam.repeats)


async def conform_segment(
    run: FilmRun, slot: Slot, clip: StoredFile, *, cues: Sequence[Cue], before: Path | None = None
) -> ConformedSegment:
    """Return a segment's part, made unless an earlier run made it; its cover is stored.

    A film on which nothing is drawn keeps its clips' own packets where they fit; `unify_profiles` settles that.

    Args:
        run: The film's run.
        slot: The segment's slot.
        clip: The stored clip.
        cues: The narration to burn in; empty where subtitles are soft or off.
        before: The frame this clip was told to start from, of a chained film.

    Raises:
        ClipRejected: The clip can't be decoded to the end.
        SegmentsNotReady: The clip is damaged in the store, and its vendor has it no more.
        GlyphMissing: The font can't draw a text that was asked for.
        StaleEpoch: The run no longer owns the film.
    """
    cut = None
    if before is not None:
        async with _lent(run, slot, clip) as file:
            cut = await seam(before, file, folder=run.film_folder())
    skip_frames = 0 if cut is None else int(cut.repeats)
    part = await _made(run, slot, clip, cues, skip_frames=skip_frames, may_copy=not _draws(run))
    cover_key = f"films/{run.film_id}/covers/{slot.index:02d}.jpg"
    await run.ctx.objects.put(cover_key, part.cover)
    similarity = None if cut is None else cut.similarity
    await save_part(run.ctx.database, run.lease, slot.index, cover_key=cover_key, seam_similarity=similarity)
    return ConformedSegment(slot=slot, clip=clip, cues=tuple(cues), seam=cut, part=part)


def clip_of(run: FilmRun, shot: ConformedSegment) -> AbstractAsyncContextManager[Path]:
    """Lend a shot's stored clip as it was recorded; see `intact_copy` for what it raises."""
    return _lent(run, shot.slot, shot.clip)


def _lent(run: FilmRun, slot: Slot, clip: StoredFile) -> AbstractAsyncContextManager[Path]:
    return intact_copy(run, clip, gate=lambda file: validate_clip(file, kept_s=slot.kept_s), segment=slot.index)


async def unify_profiles(run: FilmRun, shots: Sequence[ConformedSegment], *, anew: bool) -> list[Part]:
    """Return the shots' parts with one extradata, so that they join by copy; odd ones are encoded now.

    Args:
        run: The film's run.
        shots: The film's shots.
        anew: Whether to make every part again from its stored clip: what lies on this disk may be damaged.
    """
    parts = [shot.part for shot in shots]
    if anew:
        parts = [await _remade(run, shot, may_copy=not _draws(run), anew=True) for shot in shots]
    for index in nonconforming_parts(parts):
        parts[index] = await _remade(run, shots[index], may_copy=False, anew=anew)
    return parts


def _draws(run: FilmRun) -> bool:
    """Whether anything is drawn on any of the film's pictures: then every clip is encoded, with one profile."""
    request = run.opened.request
    burned = request.subtitles is Subtitles.BURNED and request.wants_narration
    cards = request.title_card is not None or request.end_card is not None
    return burned or cards or bool(run.ctx.settings.label_line)


async def _remade(run: FilmRun, shot: ConformedSegment, *, may_copy: bool, anew: bool) -> Part:
    return await _made(run, shot.slot, shot.clip, shot.cues, skip_frames=shot.skip_frames, may_copy=may_copy, anew=anew)


async def _made(
    run: FilmRun,
    slot: Slot,
    clip: StoredFile,
    cues: Sequence[Cue],
    *,
    skip_frames: int,
    may_copy: bool,
    anew: bool = False,
) -> Part:
    canvas, frames = run.opened.request.canvas, frames_of(slot.kept_s)
    drawn = _drawn(run, slot, cues)
    how = f"{canvas.width}x{canvas.height}-{frames}-{skip_frames}{'c' if may_copy else 'e'}{drawn}"
    folder = run.ctx.work_dir / "parts" / f"{clip.sha256[:32]}-{how}"
    part = None if anew else await asyncio.to_thread(read_part, folder)
    if part is not None:
        os.utime(folder)  # it is in use: the sweep leaves it alone
        return part
    folder.parent.mkdir(parents=True, exist_ok=True)
    overlay = await asyncio.to_thread(_overlay, run, slot, cues) if drawn else None
    async with _lent(run, slot, clip) as file:
        return await conform(
            file,
            canvas=canvas,
            frames=frames,
            into=folder,
            overlay=overlay,
            skip_frames=skip_frames,
            may_copy=may_copy,
        )


def _drawn(run: FilmRun, slot: Slot, cues: Sequence[Cue]) -> str:
    """Return what makes a drawn part differ from the plain one of the same clip, empty if nothing is drawn."""
    request, notice = run.opened.request, run.ctx.settings.label_line
    title = request.title_card if slot.index == 0 else None
    end = request.end_card if slot.index == len(run.opened.plan) - 1 else None
    words = [(cue.text, cue.start_sample, cue.end_sample) for cue in cues]
    if title is None and end is None and not words and not notice:
        return ""
    text = repr((title, end, words, notice, slot.index, request.language))
    return "-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _overlay(run: FilmRun, slot: Slot, cues: Sequence[Cue]) -> Overlay:
    request, plan, folder = run.opened.request, run.opened.plan, run.film_folder()
    frames, canvas, language = frames_of(slot.kept_s), request.canvas, request.language
    title = request.title_card if slot.index == 0 else None
    end = request.end_card if slot.index == len(plan) - 1 else None
    captions = ass(
        cues,
        language=language,
        canvas=canvas,
        start_sample=shot_starts(plan)[slot.index],
        samples=samples_of(frames),
        notice=run.ctx.settings.label_line,
    )
    return Overlay(
        title=None if title is None else title_card(title, canvas, folder / "title.png", language=language),
        title_frames=min(_CARD_FRAMES, frames),
        end=None if end is None else end_card(end, canvas, folder / "end.png", language=language),
        end_frames=min(_CARD_FRAMES, frames),
        captions=captions,
    )
