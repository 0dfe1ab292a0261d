"""audio: lines are placed on their shots to the sample, and everything is mixed into the film's one AAC track."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from film.canvas import frames_of, samples_of
from film.cues import Cue
from film.plan import Slot
from film.status import Status
from ledger.stages import save_cues
from media.mix import Mix, mix
from media.place import PlacedSound, place
from tasks.generating import Footage
from tasks.run import FilmRun
from tasks.sound import Line
from tasks.stage import stage

#: A line starts so many samples into its shot (0.25 s) and leaves as much free at its end.
_BREATH_SAMPLES: Final = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundtrack:
    """The finished sound and where each line of narration stands in it."""

    mix: Mix
    cues: Sequence[Cue]


@stage(Status.AUDIO)
async def audio(run: FilmRun, footage: Footage) -> Soundtrack:
    """Return the film's sound, at -14 LUFS and exactly as long as the film.

    Raises:
        NarrationTooLong: A line doesn't fit its shot at any allowed tempo.
        ClipRejected: A sound can't be decoded.
    """
    request, plan = run.opened.request, run.opened.plan
    folder = run.film_folder()
    starts = shot_starts(plan)
    placed = await asyncio.gather(
        *(_placed(run, line, plan[line.segment], starts[line.segment], folder) for line in footage.lines)
    )
    native = [(part.sound, starts[index]) for index, part in enumerate(footage.parts)] if request.native_sound else []
    frames = frames_of(request.duration)
    into = folder / "sound.m4a"
    if footage.tune is None:
        made = await mix(frames=frames, narration=placed, music=None, native=native, into=into)
    else:
        async with run.studio.local_copy(footage.tune.object_key) as music:
            made = await mix(frames=frames, narration=placed, music=music, native=native, into=into)
    cues = [
        Cue(segment=line.segment, text=line.text, start_sample=sound.start_sample, end_sample=sound.end_sample)
        for line, sound in zip(footage.lines, placed, strict=True)
    ]
    await save_cues(run.studio.books, run.lease, cues)
    return Soundtrack(mix=made, cues=cues)


def shot_starts(plan: Sequence[Slot]) -> list[int]:
    """Return the film's sample at which each shot starts."""
    starts, sample = [], 0
    for slot in plan:
        starts.append(sample)
        sample += samples_of(frames_of(slot.kept_s))
    return starts


async def _placed(run: FilmRun, line: Line, slot: Slot, start_sample: int, folder: Path) -> PlacedSound:
    room = samples_of(frames_of(slot.kept_s)) - 2 * _BREATH_SAMPLES
    async with run.studio.local_copy(line.object_key) as voice:
        return await place(
            voice,
            start_sample=start_sample + _BREATH_SAMPLES,
            room_samples=room,
            into=folder / f"line-{line.segment:03d}.wav",
        )
