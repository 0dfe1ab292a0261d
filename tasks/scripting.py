"""scripting: what the customer brings is fetched, and Claude fills the plan's slots."""

from film.prompts import script_limits
from film.request import Subtitles
from film.spoken import said
from film.status import Status
from film.storyboard import Storyboard
from ledger.films.stages import save_storyboard
from media.text.glyphs import require_glyphs
from providers.ports import Brief
from tasks.brought import fetch_brought
from tasks.run.film_run import FilmRun
from tasks.run.stage import stage


@stage(Status.SCRIPTING)
async def scripting(run: FilmRun) -> Storyboard:
    """Write the storyboard, or return the one that is written already.

    Raises:
        ScriptRefused: The writer declined.
        ScriptInvalid: It would not fit the plan.
        GlyphMissing: A card, the label line or burned subtitles want characters that the font lacks.
        ProviderUnavailable: The writer could not be reached.
        StageFailed: What the customer brings can't be used; nothing was bought.
    """
    await fetch_brought(run)
    film = await run.film()
    if film.storyboard is not None:
        return film.storyboard
    request = film.request
    # Told before anything is bought. Not every entry point at which a film is ordered knows the font.
    require_glyphs(f"{request.title_card or ''}{request.end_card or ''}{run.ctx.settings.label_line}")
    brief = Brief(
        prompt=request.prompt,
        language=request.language,
        aspect_ratio=request.aspect_ratio,
        plan=film.plan,
        limits=script_limits(request.profile),
        narration=request.wants_narration,
    )
    storyboard = _said(await run.ctx.writer.write(brief), request.language)
    if request.subtitles is Subtitles.BURNED:
        require_glyphs("".join(shot.narration for shot in storyboard.shots))
    await save_storyboard(run.ctx.database, run.lease, storyboard)
    return storyboard


def _said(storyboard: Storyboard, language: str) -> Storyboard:
    shots = tuple(shot.model_copy(update={"narration": said(shot.narration, language)}) for shot in storyboard.shots)
    return storyboard.model_copy(update={"shots": shots})
