"""scripting: Claude fills the plan's slots."""

from film.prompts import script_limits
from film.request import Subtitles
from film.status import Status
from film.storyboard import Storyboard
from ledger.stages import save_storyboard
from media.glyphs import require_glyphs
from providers.ports import Brief
from tasks.run import FilmRun
from tasks.stage import stage


@stage(Status.SCRIPTING)
async def scripting(run: FilmRun) -> Storyboard:
    """Write the storyboard, or return the one that is written already.

    Raises:
        ScriptRefused: The writer declined.
        ScriptInvalid: It would not fit the plan.
        GlyphMissing: Subtitles are to be burned in and the font lacks their script.
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
    if request.subtitles is Subtitles.BURNED:
        # Told before anything is bought: words that can't be drawn can't be burned in.
        require_glyphs("".join(shot.narration for shot in storyboard.shots))
    await save_storyboard(run.studio.books, run.lease, storyboard)
    return storyboard
