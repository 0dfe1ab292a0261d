"""Narration: a line a shot, bought, placed on its shot to the sample, and said in fewer words where it doesn't fit."""

from dataclasses import dataclass
from typing import Final

from film.canvas import frames_of, samples_of
from film.cues import Cue
from film.errors import NarrationTooLong
from film.job_specs import Purpose
from film.plan import Slot, shot_starts
from film.purchases import line_spec
from film.spoken import said, speaks
from film.status import ErrorCode, Status
from film.storyboard import Shot
from ledger.films.stages import replace_narration
from ledger.purchases.attempt import StoredFile
from media.ingest.validate import validate_sound
from media.sound.voice_fit import FittedVoice, fit_voice
from purchasing.retry import retry_read
from tasks.intact import intact_copy
from tasks.run.faults import as_stage_failure
from tasks.run.film_run import FilmRun
from tasks.sound import buy_sound

#: A line starts so many samples into its shot (0.25 s) and leaves as much free at its end.
_BREATH_SAMPLES: Final = 12_000
#: How often a line that is too long is written anew before it may run into the silence after it.
_REWRITES_MAX: Final = 2
#: Each rewriting is a purchase of its own: take 1 of shot 4 has slot 1004.
_TAKE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of narration as it stands in the film: its words, its sound and its time."""

    cue: Cue
    fitted: FittedVoice


async def buy_line(run: FilmRun, shot: Shot, *, following: Shot | None) -> Line:
    """Return a shot's line, spoken and placed; one that is too long is said in fewer words, at most twice.

    Args:
        run: The film's run.
        shot: The shot; its `take` tells how often its line was rewritten before.
        following: The next shot; a line that stays too long may run into it if nobody speaks there.

    Raises:
        StageFailed: `narration_failed`, or what its vendor's state calls for.
    """
    with as_stage_failure(Status.AUDIO, segment=shot.index, code=ErrorCode.NARRATION_FAILED):
        voice_id = await retry_read(run.ctx.purchasing, lambda: run.ctx.voice_id(run.opened.request))
        while True:
            spec = line_spec(shot.narration, voice_id)
            sound = await buy_sound(run, Purpose.NARRATION, shot.take * _TAKE + shot.index, spec)
            try:
                return await _fit(run, shot, sound, into_next=False)
            except NarrationTooLong as error:
                if shot.take >= _REWRITES_MAX:
                    if following is not None and speaks(following.narration):
                        raise
                    return await _fit(run, shot, sound, into_next=following is not None)
                shot = await _rewritten(run, shot, error.factor)


async def _rewritten(run: FilmRun, shot: Shot, factor: float) -> Shot:
    most = max(4, int(len(shot.narration) / factor * 0.95))
    language = run.opened.request.language
    text = await run.ctx.writer.shorten(shot.narration, characters_max=most, language=language)
    return await replace_narration(run.ctx.database, run.lease, shot.index, said(text, language) or text)


async def _fit(run: FilmRun, shot: Shot, sound: StoredFile, *, into_next: bool) -> Line:
    plan = run.opened.plan
    start = shot_starts(plan)[shot.index] + _BREATH_SAMPLES
    room = _samples(plan[shot.index]) - 2 * _BREATH_SAMPLES
    if into_next:
        room += _samples(plan[shot.index + 1])
    async with intact_copy(run, sound, gate=validate_sound, segment=shot.index) as voice:
        into = run.film_folder() / f"line-{shot.index:03d}-{shot.take}.wav"
        fitted = await fit_voice(voice, start_sample=start, room_samples=room, into=into)
    cue = Cue(segment=shot.index, text=shot.narration, start_sample=fitted.start_sample, end_sample=fitted.end_sample)
    return Line(cue=cue, fitted=fitted)


def _samples(slot: Slot) -> int:
    return samples_of(frames_of(slot.kept_s))
