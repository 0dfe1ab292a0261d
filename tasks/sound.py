"""Buying sound: whatever the voice vendor makes, and the film's one piece of music."""

from film.job_specs import Purpose, SoundSpec, fingerprint
from film.prompts import music_prompt
from film.purchases import music_spec
from film.request import MusicChoice
from film.status import ErrorCode, Status
from film.storyboard import Storyboard
from ledger.films.retry import ready_object
from ledger.purchases.attempt import StoredFile
from ledger.purchases.attempts import Purchase
from media.ingest.validate import validate_sound
from purchasing.buy import buy
from purchasing.context import PurchaseSpec
from tasks.brought import music_object
from tasks.run.faults import as_stage_failure
from tasks.run.film_run import FilmRun


async def buy_sound(run: FilmRun, purpose: Purpose, slot: int, job_spec: SoundSpec) -> StoredFile:
    """Return the stored file of a bought sound.

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
    return await buy(run.ctx.purchasing, run.lease, purchase_spec, run.ctx.voice_vendor)


async def buy_music(run: FilmRun, storyboard: Storyboard) -> StoredFile:
    """Return the stored file of the film's music: the customer's file if they brought one, else bought.

    Raises:
        StageFailed: `music_failed`, or what its vendor's state calls for.
    """
    request = run.opened.request
    described = request.music.prompt if isinstance(request.music, MusicChoice) else None
    with as_stage_failure(Status.AUDIO, code=ErrorCode.MUSIC_FAILED):
        if isinstance(request.music, MusicChoice) and request.music.url is not None:
            return await music_object(run, request.music.url)
        text = music_prompt(storyboard, described)
        return await buy_sound(run, Purpose.MUSIC, 0, music_spec(request, text))
