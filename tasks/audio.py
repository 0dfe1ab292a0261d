"""audio: the placed lines, the music and the clips' own sound are mixed into the film's one AAC track."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from film.canvas import frames_of
from film.cues import Cue
from film.plan import shot_starts
from film.status import ErrorCode, Status
from ledger.films.stages import save_cues
from media.ingest.validate import validate_sound
from media.sound.mix import Mix, mix
from media.sound.voice_fit import FittedVoice
from tasks.generating import Footage
from tasks.intact import intact_copy
from tasks.run.faults import as_stage_failure
from tasks.run.film_run import FilmRun
from tasks.run.stage import stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundtrack:
    """The finished sound, and each line of narration: its words and its voice, where they stand in it."""

    mix: Mix
    cues: Sequence[Cue]
    narration: Sequence[FittedVoice]


@stage(Status.AUDIO)
async def audio(run: FilmRun, footage: Footage) -> Soundtrack:
    """Return the film's sound, at -14 LUFS and exactly as long as the film.

    Raises:
        ClipRejected: A sound can't be decoded.
    """
    made = await mix_sound(run, footage)
    await save_cues(run.ctx.database, run.lease, made.cues)
    return made


async def mix_sound(run: FilmRun, footage: Footage) -> Soundtrack:
    """Mix the film's sound from its pieces.

    Raises:
        ClipRejected: A sound can't be decoded.
    """
    request = run.opened.request
    starts = shot_starts(run.opened.plan)
    native = [(shot.part.sound, start) for shot, start in zip(footage.segments, starts, strict=True)]
    async with AsyncExitStack() as lent:
        music = None
        if footage.music is not None:
            with as_stage_failure(run.stage, code=ErrorCode.MUSIC_FAILED):
                music = await lent.enter_async_context(intact_copy(run, footage.music, gate=validate_sound))
        made = await mix(
            frames=frames_of(request.duration),
            narration=[line.fitted for line in footage.lines],
            music=music,
            native=native if request.native_sound else [],
            into=run.film_folder() / "sound.m4a",
        )
    return Soundtrack(
        mix=made, cues=[line.cue for line in footage.lines], narration=[line.fitted for line in footage.lines]
    )
