"""scripting: Claude fills the plan's slots."""

from film.prompts import script_limits
from film.status import Status
from film.storyboard import Storyboard
from ledger.stages import save_storyboard
from providers.ports import Brief
from tasks.run import FilmRun
from tasks.stage import stage


@stage(Status.SCRIPTING)
async def scripting(run: FilmRun) -> Storyboard:
    """Write the storyboard, or return the one that is written already.

    Raises:
        ScriptRefused: The writer declined.
        ScriptInvalid: It would not fit the plan.
        ProviderUnavailable: The writer could not be reached.
    """
    film = await run.film()
    if film.storyboard is not None:
        return film.storyboard
    request = film.request
    brief = Brief(
        prompt=request.prompt,
        language=request.language,
        aspect_ratio=request.aspect_ratio,
        plan=film.plan,
        limits=script_limits(request.profile),
        narration=request.wants_narration,
    )
    storyboard = await run.studio.writer.write(brief)
    await save_storyboard(run.studio.books, run.lease, storyboard)
    return storyboard
