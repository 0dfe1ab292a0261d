"""Buying sound: whatever the voice vendor makes, and the film's one piece of music."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from film.job_specs import Purpose, SoundSpec, fingerprint, uploaded_music_key
from film.prompts import music_prompt
from film.purchases import music_spec
from film.request import MusicChoice
from film.status import ErrorCode, Status
from film.storyboard import Storyboard
from ledger.films.retry import ready_object
from ledger.purchases.attempts import Purchase
from media.ingest.validate import validate_sound
from purchasing.buy import buy
from purchasing.context import PurchaseSpec
from tasks.run.faults import as_stage_failure
from tasks.run.film_run import FilmRun


async def buy_sound(run: FilmRun, purpose: Purpose, slot: int, job_spec: SoundSpec) -> str:
    """Return the object that holds a bought sound.

    Raises:
        ProviderError, ClipRejected, DeadlineExceeded, StaleEpoch: As `render.buy`.
    """
    content = fingerprint(run.ctx.voice_vendor.rate_limit.model, job_spec)
    former = run.opened.retry_of
    if former is not None:
        adopted = await ready_object(run.ctx.database, former, purpose, content)
        if adopted is not None:
            return adopted
    purchase_spec = PurchaseSpec(
        purchase=Purchase(purpose=purpose, slot=slot, job_spec=job_spec, fingerprint=content),
        key_prefix=f"sounds/{content}",
        suffix=".mp3",
        validate=validate_sound,
        queue_turn=run.turns[run.ctx.voice_vendor.rate_limit],
    )
    return (await buy(run.ctx.purchasing, run.lease, purchase_spec, run.ctx.voice_vendor)).object_key


async def buy_music(run: FilmRun, storyboard: Storyboard) -> str:
    """Return the object that holds the film's music: the customer's file if they brought one, else bought.

    Raises:
        StageFailed: `music_failed`, or what its vendor's state calls for.
    """
    request = run.opened.request
    described = request.music.prompt if isinstance(request.music, MusicChoice) else None
    with as_stage_failure(Status.AUDIO, code=ErrorCode.MUSIC_FAILED):
        if isinstance(request.music, MusicChoice) and request.music.url is not None:
            return await _brought(run, request.music.url)
        text = music_prompt(storyboard, described)
        return await buy_sound(run, Purpose.MUSIC, 0, music_spec(request, text))


async def _brought(run: FilmRun, url: str) -> str:
    key = uploaded_music_key(run.film_id)
    if await run.ctx.objects.size_of(key) is None:
        with TemporaryDirectory(prefix=".music-", dir=run.ctx.work_dir) as folder:
            file = Path(folder) / "music"
            await run.ctx.download(url, file)
            await asyncio.to_thread(validate_sound, file)
            await run.ctx.objects.put(key, file)
    return key
