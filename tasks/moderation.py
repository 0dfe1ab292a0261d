"""moderation: prompt and storyboard are judged before anything is bought, by Claude and, if asked for, by a person."""

from typing import Final

from film.status import Status
from film.storyboard import Storyboard
from ledger.database.records import Approval
from ledger.films.approvals import ask
from ledger.films.settlement import cancel_film
from tasks.run.faults import RunStopped
from tasks.run.film_run import FilmRun
from tasks.run.stage import stage

#: A film that nobody answers for is canceled.
_ANSWER_MS: Final = 24 * 3600 * 1000


@stage(Status.MODERATION)
async def moderation(run: FilmRun, storyboard: Storyboard) -> None:
    """Return if the film may be made. A film that passed once, before a restart, isn't judged again.

    Raises:
        ModerationRejected: It may not be made.
        ModerationUnavailable: Nobody could judge it.
        RunStopped: A person said no, or nobody answered for 24 hours: the film is canceled.
    """
    film = await run.film()
    if film.status is not Status.MODERATION:
        return
    if film.approval_asked_ms is None:
        await run.ctx.judge.judge(film.request.prompt, storyboard)
    if film.request.approve:
        await _wait_for_approval(run)


async def _wait_for_approval(run: FilmRun) -> None:
    await ask(run.ctx.database, run.lease)
    async with run.presenter.approval_prompt(run.lease):
        while (film := await run.film()).approval is None:
            if run.ctx.database.now_ms() - (film.approval_asked_ms or 0) > _ANSWER_MS:
                await cancel_film(run.ctx.database, run.film_id)
                raise RunStopped
            await run.ctx.clock.sleep(run.ctx.timings.poll_db_s)
    if film.approval is Approval.REJECTED:
        await cancel_film(run.ctx.database, run.film_id)
        raise RunStopped
