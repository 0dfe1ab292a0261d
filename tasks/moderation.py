"""moderation: the prompt and the storyboard are judged before anything is bought; fail closed."""

from film.status import Status
from film.storyboard import Storyboard
from tasks.run import FilmRun
from tasks.stage import stage


@stage(Status.MODERATION)
async def moderation(run: FilmRun, storyboard: Storyboard) -> None:
    """Return if the film may be made. A film that passed once, before a restart, isn't judged again.

    Raises:
        ModerationRejected: It may not be made.
        ModerationUnavailable: Nobody could judge it.
    """
    film = await run.film()
    if film.status is not Status.MODERATION:
        return
    await run.studio.judge.judge(film.request.prompt, storyboard)
