"""Buying sound: whatever the voice vendor makes, and the film's one piece of music."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from film.orders import Purpose, VoiceOrder, brought_music, fingerprint
from film.prompts import music_prompt
from film.purchases import music_order
from film.request import MusicWish
from film.status import ErrorCode, Status
from film.storyboard import Storyboard
from ledger.attempts import Purchase
from ledger.salvage import ready_object
from media.gate import gate_sound
from tasks.blame import blaming
from tasks.desk import Wanted
from tasks.render import buy
from tasks.run import FilmRun


async def buy_sound(run: FilmRun, purpose: Purpose, slot: int, order: VoiceOrder) -> str:
    """Return the object that holds a bought sound.

    Raises:
        ProviderError, ClipRejected, DeadlineExceeded, StaleEpoch: As `render.buy`.
    """
    content = fingerprint(run.studio.voices.rule.model, order)
    former = run.opened.retry_of
    if former is not None:
        adopted = await ready_object(run.studio.books, former, purpose, content)
        if adopted is not None:
            return adopted
    wanted = Wanted(
        purchase=Purchase(purpose=purpose, slot=slot, order=order, fingerprint=content),
        folder=f"sounds/{content}",
        suffix=".mp3",
        gate=gate_sound,
        turn=run.turns[run.studio.voices.rule],
    )
    return (await buy(run.studio.desk, run.lease, wanted, run.studio.voices)).object_key


async def buy_music(run: FilmRun, storyboard: Storyboard) -> str:
    """Return the object that holds the film's music: the customer's file if they brought one, else bought.

    Raises:
        StageFault: `music_failed`, or what its vendor's state calls for.
    """
    request = run.opened.request
    described = request.music.prompt if isinstance(request.music, MusicWish) else None
    with blaming(Status.AUDIO, code=ErrorCode.MUSIC_FAILED):
        if isinstance(request.music, MusicWish) and request.music.url is not None:
            return await _brought(run, request.music.url)
        text = music_prompt(storyboard, described)
        return await buy_sound(run, Purpose.MUSIC, 0, music_order(request, text))


async def _brought(run: FilmRun, url: str) -> str:
    key = brought_music(run.film_id)
    if await run.studio.objects.size_of(key) is None:
        with TemporaryDirectory(prefix=".music-", dir=run.studio.work) as folder:
            file = Path(folder) / "music"
            await run.studio.download(url, file)
            await asyncio.to_thread(gate_sound, file)
            await run.studio.objects.put(key, file)
    return key
