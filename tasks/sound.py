"""Buying sound: one line of narration a shot, one piece of music a film."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from film.orders import Purpose, VoiceOrder, fingerprint
from film.prompts import music_prompt
from film.request import MusicWish
from film.status import ErrorCode, Status
from film.storyboard import Shot, Storyboard
from ledger.attempts import Purchase
from media.gate import gate_sound
from tasks.blame import blaming
from tasks.render import Wanted, buy
from tasks.run import FilmRun

#: The longest piece the voice vendor makes (ListenHub Voice: durationHint 1..110 s); longer films loop it.
_TUNE_S_MAX: Final = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A bought line of narration: which segment it belongs to, its words, the object that holds its sound."""

    segment: int
    text: str
    object_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """The film's music: the object that holds it."""

    object_key: str


async def buy_line(run: FilmRun, shot: Shot) -> Line:
    """Return a shot's line of narration, spoken.

    Raises:
        StageFault: `narration_failed`, or what its vendor's state calls for.
    """
    with blaming(Status.AUDIO, segment=shot.index, code=ErrorCode.NARRATION_FAILED):
        voice_id = await run.studio.voice_id(run.opened.request)
        order = VoiceOrder(text=shot.narration, voice_id=voice_id)
        key = await _buy(run, Purpose.NARRATION, shot.index, order)
    return Line(segment=shot.index, text=shot.narration, object_key=key)


async def buy_tune(run: FilmRun, storyboard: Storyboard) -> Tune:
    """Return the film's music: the customer's file if they brought one, else bought.

    Raises:
        StageFault: `music_failed`, or what its vendor's state calls for.
    """
    request = run.opened.request
    wish = request.music if isinstance(request.music, MusicWish) else MusicWish.model_construct(url=None, prompt=None)
    with blaming(Status.AUDIO, code=ErrorCode.MUSIC_FAILED):
        if wish.url is not None:
            return Tune(object_key=await _brought(run, wish.url))
        order = VoiceOrder(
            text=music_prompt(storyboard, wish.prompt), duration_hint_s=min(request.duration, _TUNE_S_MAX)
        )
        return Tune(object_key=await _buy(run, Purpose.MUSIC, 0, order))


async def _buy(run: FilmRun, purpose: Purpose, slot: int, order: VoiceOrder) -> str:
    content = fingerprint(run.studio.voices.rule.model, order)
    wanted = Wanted(
        purchase=Purchase(purpose=purpose, slot=slot, order=order, fingerprint=content),
        folder=f"sounds/{content}",
        suffix=".mp3",
        gate=gate_sound,
    )
    return (await buy(run.studio.desk, run.lease, wanted, run.studio.voices)).object_key


async def _brought(run: FilmRun, url: str) -> str:
    key = f"sounds/{run.film_id}/music"
    if await run.studio.objects.size_of(key) is None:
        with TemporaryDirectory(prefix=".music-", dir=run.studio.work) as folder:
            file = Path(folder) / "music"
            await run.studio.download(url, file)
            await asyncio.to_thread(gate_sound, file)
            await run.studio.objects.put(key, file)
    return key
