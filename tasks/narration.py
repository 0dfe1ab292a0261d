"""Narration: a line a shot, bought, placed on its shot to the sample, and said in fewer words where it doesn't fit."""

from dataclasses import dataclass
from typing import Final

from film.canvas import frames_of, samples_of
from film.cues import Cue
from film.errors import NarrationTooLong
from film.orders import Purpose
from film.plan import Slot, shot_starts
from film.purchases import line_order
from film.spoken import said, speaks
from film.status import ErrorCode, Status
from film.storyboard import Shot
from ledger.stages import replace_narration
from media.place import PlacedSound, place
from tasks.blame import blaming
from tasks.patience import patiently
from tasks.run import FilmRun
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
    placed: PlacedSound


async def buy_line(run: FilmRun, shot: Shot, *, following: Shot | None) -> Line:
    """Return a shot's line, spoken and placed; one that is too long is said in fewer words, at most twice.

    Args:
        run: The film's run.
        shot: The shot; its `take` tells how often its line was rewritten before.
        following: The next shot; a line that stays too long may run into it if nobody speaks there.

    Raises:
        StageFault: `narration_failed`, or what its vendor's state calls for.
    """
    with blaming(Status.AUDIO, segment=shot.index, code=ErrorCode.NARRATION_FAILED):
        voice_id = await patiently(run.studio.desk, lambda: run.studio.voice_id(run.opened.request))
        while True:
            order = line_order(shot.narration, voice_id)
            key = await buy_sound(run, Purpose.NARRATION, shot.take * _TAKE + shot.index, order)
            try:
                return await _placed(run, shot, key, into_next=False)
            except NarrationTooLong as error:
                if shot.take >= _REWRITES_MAX:
                    if following is not None and speaks(following.narration):
                        raise
                    return await _placed(run, shot, key, into_next=following is not None)
                shot = await _rewritten(run, shot, error.factor)


async def _rewritten(run: FilmRun, shot: Shot, factor: float) -> Shot:
    most = max(4, int(len(shot.narration) / factor * 0.95))
    language = run.opened.request.language
    text = await run.studio.writer.shorten(shot.narration, characters_max=most, language=language)
    return await replace_narration(run.studio.books, run.lease, shot.index, said(text, language) or text)


async def _placed(run: FilmRun, shot: Shot, object_key: str, *, into_next: bool) -> Line:
    plan = run.opened.plan
    start = shot_starts(plan)[shot.index] + _BREATH_SAMPLES
    room = _samples(plan[shot.index]) - 2 * _BREATH_SAMPLES
    if into_next:
        room += _samples(plan[shot.index + 1])
    async with run.studio.local_copy(object_key) as voice:
        into = run.film_folder() / f"line-{shot.index:03d}-{shot.take}.wav"
        placed = await place(voice, start_sample=start, room_samples=room, into=into)
    cue = Cue(segment=shot.index, text=shot.narration, start_sample=placed.start_sample, end_sample=placed.end_sample)
    return Line(cue=cue, placed=placed)


def _samples(slot: Slot) -> int:
    return samples_of(frames_of(slot.kept_s))
