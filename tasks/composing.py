"""composing: parts joined by copy, sound and subtitles muxed in one pass, and the result verified before it counts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from film.canvas import frames_of
from film.errors import DeliverableRejected
from film.request import Subtitles
from film.status import Status
from film.storyboard import Storyboard
from media.cards import contact_sheet
from media.frames import poster
from media.mux import mux
from media.part import Part
from media.subtitles import srt, vtt
from media.verify import FilmFacts, verify_film
from tasks.audio import Soundtrack
from tasks.generating import Footage
from tasks.label import label_of
from tasks.parts import of_one_profile
from tasks.run import FilmRun
from tasks.stage import stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The finished files, on this machine, not yet delivered."""

    film: Path
    poster: Path
    sheet: Path
    srt: Path | None
    vtt: Path | None
    facts: FilmFacts


@stage(Status.COMPOSING)
async def composing(run: FilmRun, storyboard: Storyboard, footage: Footage, soundtrack: Soundtrack) -> Composed:
    """Return the finished film, verified; one that fails its verification is composed again once.

    Raises:
        DeliverableRejected: The file isn't the planned film.
        CommandFailed: It could not be written.
    """
    request, folder = run.opened.request, run.film_folder()
    parts = await of_one_profile(run, footage.shots)
    srt_file, vtt_file = folder / "film.srt", folder / "film.vtt"
    srt_file.write_text(srt(soundtrack.cues, language=request.language), encoding="utf-8")
    vtt_file.write_text(vtt(soundtrack.cues, language=request.language), encoding="utf-8")
    try:
        facts = await _film(run, storyboard, parts, soundtrack, folder)
    except DeliverableRejected:
        facts = await _film(run, storyboard, parts, soundtrack, folder)
    lines = {cue.segment: cue.text for cue in soundtrack.cues}
    captions = [lines.get(shot.index, shot.prompt) for shot in storyboard.shots]
    await asyncio.to_thread(contact_sheet, [part.cover for part in parts], captions, folder / "sheet.jpg")
    subtitled = request.subtitles is not Subtitles.OFF
    return Composed(
        film=folder / "film.mp4",
        poster=await poster(parts, folder / "poster.jpg"),
        sheet=folder / "sheet.jpg",
        srt=srt_file if subtitled else None,
        vtt=vtt_file if subtitled else None,
        facts=facts,
    )


async def _film(
    run: FilmRun, storyboard: Storyboard, parts: Sequence[Part], soundtrack: Soundtrack, folder: Path
) -> FilmFacts:
    request = run.opened.request
    soft = request.subtitles is Subtitles.SOFT
    await mux(
        picture=[part.picture for part in parts],
        sound=soundtrack.mix.sound,
        subtitles=folder / "film.srt" if soft else None,
        language=request.language,
        label=label_of(run.studio.producer, run.film_id),
        title=storyboard.title,
        into=folder / "film.mp4",
    )
    return await asyncio.to_thread(
        verify_film,
        folder / "film.mp4",
        frames=frames_of(request.duration),
        canvas=request.canvas,
        subtitles=soft,
        label_id=run.film_id,
        parts=parts,
        sound=soundtrack.mix,
    )
