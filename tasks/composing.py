"""composing: parts joined by copy, sound and subtitles muxed in one pass, and the result verified before it counts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from film.canvas import frames_of
from film.errors import CommandFailed, DeliverableRejected
from film.findings import Finding, FindingKind
from film.request import Subtitles
from film.status import Status
from film.storyboard import Storyboard
from media.film.mux import mux
from media.film.verify import FilmFacts, verify_film
from media.picture.frames import Seam, poster, sharpest_part
from media.picture.part import Part
from media.sound.mix import Mix
from media.text.cards import contact_sheet
from media.text.subtitles import captions, srt, vtt
from tasks.audio import Soundtrack, mix_sound
from tasks.generating import Footage
from tasks.label import label_of
from tasks.parts import clip_of, unify_profiles
from tasks.run.film_run import FilmRun
from tasks.run.stage import stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The finished files, on this machine, not yet delivered."""

    film: Path
    poster: Path
    sheet: Path
    srt: Path | None
    vtt: Path | None
    facts: FilmFacts
    #: Each segment's cut from the one before; None where nothing is chained.
    seams: Sequence[Seam | None]
    findings: Sequence[Finding]


@stage(Status.COMPOSING)
async def composing(run: FilmRun, storyboard: Storyboard, footage: Footage, soundtrack: Soundtrack) -> Composed:
    """Return the finished film, verified; one that fails is composed once more, from the clips.

    Raises:
        DeliverableRejected: The file isn't the planned film.
        CommandFailed: It could not be written.
    """
    request, folder = run.opened.request, run.film_folder()
    srt_file, vtt_file = folder / "film.srt", folder / "film.vtt"
    srt_file.write_text(srt(soundtrack.cues, language=request.language), encoding="utf-8")
    vtt_file.write_text(vtt(soundtrack.cues, language=request.language), encoding="utf-8")
    try:
        parts = await unify_profiles(run, footage.segments, anew=False)
        facts = await _film(run, storyboard, parts, soundtrack, folder)
    except (DeliverableRejected, CommandFailed):
        # Its pieces were left by earlier stages, perhaps by another run: they may be what is damaged.
        parts = await unify_profiles(run, footage.segments, anew=True)
        soundtrack = await mix_sound(run, footage)
        facts = await _film(run, storyboard, parts, soundtrack, folder)
    lines = {cue.segment: cue.text for cue in soundtrack.cues}
    words = [lines.get(shot.index, shot.prompt) for shot in storyboard.shots]
    await asyncio.to_thread(contact_sheet, [part.cover for part in parts], words, folder / "sheet.jpg")
    best = footage.segments[await asyncio.to_thread(sharpest_part, parts)]
    async with clip_of(run, best) as clip:
        await poster(clip, request.canvas, folder / "poster.jpg")
    subtitled = request.subtitles is not Subtitles.OFF
    return Composed(
        film=folder / "film.mp4",
        poster=folder / "poster.jpg",
        sheet=folder / "sheet.jpg",
        srt=srt_file if subtitled else None,
        vtt=vtt_file if subtitled else None,
        facts=facts,
        seams=[shot.seam for shot in footage.segments],
        findings=found_in(parts, soundtrack.mix),
    )


def found_in(parts: Sequence[Part], mix: Mix) -> list[Finding]:
    """Return what is to be told of a film's parts and its sound."""
    held = [
        Finding(kind=FindingKind.FRAMES_HELD, segment=index, amount=part.cloned_frames, unit="frames")
        for index, part in enumerate(parts)
        if part.cloned_frames
    ]
    if not mix.short_lu:
        return held
    short = Finding(kind=FindingKind.LOUDNESS_SHORT, segment=None, amount=round(mix.short_lu, 1), unit="LU")
    return [*held, short]


async def _film(
    run: FilmRun, storyboard: Storyboard, parts: Sequence[Part], soundtrack: Soundtrack, folder: Path
) -> FilmFacts:
    request, film = run.opened.request, folder / "film.mp4"
    soft = request.subtitles is Subtitles.SOFT
    await mux(
        picture=[part.picture for part in parts],
        sound=soundtrack.mix.sound,
        subtitles=folder / "film.srt" if soft else None,
        language=request.language,
        label=label_of(run.ctx.producer, run.film_id),
        title=storyboard.title,
        into=film,
    )
    run.ctx.purchasing.failpoint("film_muxed")
    return await asyncio.to_thread(
        verify_film,
        film,
        frames=frames_of(request.duration),
        canvas=request.canvas,
        captions=captions(soundtrack.cues, language=request.language) if soft else None,
        label_id=run.film_id,
        parts=parts,
        sound=soundtrack.mix,
        narration=soundtrack.narration,
    )
