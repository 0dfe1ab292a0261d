"""composing: parts joined by copy, sound and subtitles muxed in one pass, and the result verified before it counts."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from film.canvas import frames_of
from film.request import Subtitles
from film.status import Status
from film.storyboard import Storyboard
from media.cards import contact_sheet
from media.mux import mux
from media.subtitles import srt, vtt
from media.verify import FilmFacts, verify_film
from tasks.audio import Soundtrack
from tasks.generating import Footage
from tasks.label import label_of
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
    """Return the finished film, verified.

    Raises:
        DeliverableRejected: The file isn't the planned film.
        CommandFailed: It could not be written.
    """
    request, folder = run.opened.request, run.film_folder()
    subtitled = request.subtitles is not Subtitles.OFF
    words = srt(soundtrack.cues, language=request.language), vtt(soundtrack.cues, language=request.language)
    srt_file, vtt_file = folder / "film.srt", folder / "film.vtt"
    srt_file.write_text(words[0], encoding="utf-8")
    vtt_file.write_text(words[1], encoding="utf-8")
    film = folder / "film.mp4"
    soft = request.subtitles is Subtitles.SOFT
    await mux(
        picture=[part.picture for part in footage.parts],
        sound=soundtrack.mix.sound,
        subtitles=srt_file if soft else None,
        language=request.language,
        label=label_of(run.studio.producer, run.film_id),
        title=storyboard.title,
        into=film,
    )
    facts = await asyncio.to_thread(
        verify_film,
        film,
        frames=frames_of(request.duration),
        canvas=request.canvas,
        subtitles=soft,
        label_id=run.film_id,
        parts=footage.parts,
    )
    sheet = folder / "sheet.jpg"
    captions = [shot.narration or shot.prompt for shot in storyboard.shots]
    await asyncio.to_thread(contact_sheet, [part.cover for part in footage.parts], captions, sheet)
    return Composed(
        film=film,
        poster=footage.parts[0].cover,
        sheet=sheet,
        srt=srt_file if subtitled else None,
        vtt=vtt_file if subtitled else None,
        facts=facts,
    )
