"""The film's flow: `long_video` orders one and makes it, `produce_film` makes one that is in the books already."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled

from app.context import AppContext, shared_context
from film.canvas import AspectRatio, Resolution
from film.errors import FilmCanceled
from film.ids import FilmId, film_id_of
from film.profiles import Provider
from film.request import Continuity, MusicChoice, Subtitles, VoiceChoice
from flows.options import NO_RESULTS, form
from ledger.database.records import Deliverables
from tasks.films.ordering import fill_date, order_film_for_run, validate_request
from tasks.films.results import FilmResult, completed_result, film_result
from tasks.prefect.presenter import presenter
from tasks.run.film_run import film_run
from tasks.run.presenter import Presenter
from tasks.stages import STAGES, Stages


# Parameters are judged by `film/request` alone, at every entry point alike; the annotations make the form.
@flow(
    name="long-video",
    flow_run_name="{prompt:.60}",
    validate_parameters=False,
    persist_result=False,
    result_storage=NO_RESULTS,
)
async def long_video(
    prompt: Annotated[
        str,
        form(
            "Prompt",
            "What the film is about, in any language; 1 to 2000 characters. {date} becomes the day of the run.",
        ),
    ],
    duration: Annotated[int, form("Length in seconds", "3 to 180; the film is exact to the frame.", ge=3, le=180)] = 30,
    provider: Annotated[Provider, form("Video model", "Who renders the segments.")] = Provider.HAPPYHORSE,
    resolution: Annotated[Resolution, form("Resolution", "As the video model allows.")] = Resolution.P720,
    aspect_ratio: Annotated[AspectRatio, form("Aspect ratio", "Width to height.")] = AspectRatio.WIDE,
    language: Annotated[str, form("Language", "BCP-47 tag; empty: the prompt's own.")] = "",
    narration: Annotated[bool | VoiceChoice, form("Narration", "Off, on, or by a named voice.")] = True,
    music: Annotated[bool | MusicChoice, form("Music", "Off, on, described, or your file.")] = True,
    native_sound: Annotated[bool, form("Clips' own sound", "Kept under the mix.")] = False,
    subtitles: Annotated[Subtitles, form("Subtitles", "As a stream, drawn on, or none.")] = Subtitles.SOFT,
    title_card: Annotated[str | None, form("Title card", "2 s over the first segment.")] = None,
    end_card: Annotated[str | None, form("End card", "2 s over the last segment.")] = None,
    continuity: Annotated[Continuity, form("Continuity", "Reference images, or cut to cut.")] = Continuity.ANCHORED,
    reference_images: Annotated[list[str] | None, form("Reference images", "At most 9 public URLs.")] = None,
    seed: Annotated[int | None, form("Seed", "0 to 2147483647; empty: free.", ge=0, le=2147483647)] = None,
    approve: Annotated[bool, form("Ask before spending", "The film waits for a person.")] = False,
    webhook_url: Annotated[str | None, form("Webhook", "Told when the film has ended.")] = None,
    metadata: Annotated[dict[str, str] | None, form("Metadata", "Yours; echoed in the webhook.")] = None,
) -> FilmResult | State[FilmResult]:
    """Make one film from one prompt.

    Returns:
        The completed film: `film_id`, `path`, `result_url`, `cost_actual` (credits).

    Raises:
        InvalidRequest: A parameter breaks its rule; nothing was written or spent.
        FilmFailed: The film failed; its unused credits went back.
        FilmCanceled: It was canceled.
    """
    fields = {name: value for name, value in locals().items() if value is not None}
    fields["prompt"] = fill_date(prompt, flow_run.get_scheduled_start_time())
    async with shared_context() as ctx:
        request = validate_request(fields, ctx.settings, allowed_origin=ctx.allowed_origin)
        film_id = await order_film_for_run(
            ctx, request, flow_run_id=flow_run.get_id(), run_count=flow_run.get_run_count()
        )
        return await make_film_in_flow(ctx, film_id)


@flow(
    name="produce-film",
    flow_run_name="{film_id}",
    validate_parameters=False,
    persist_result=False,
    result_storage=NO_RESULTS,
)
async def produce_film(film_id: str) -> FilmResult | State[FilmResult]:
    """Make, or go on making, a film that is in the books.

    Returns:
        The completed film.

    Raises:
        FilmFailed, FilmCanceled: It ended so.
        LeaseTaken: Another run makes it.
    """
    async with shared_context() as ctx:
        return await make_film_in_flow(ctx, film_id_of(film_id))


async def make_film_in_flow(ctx: AppContext, film_id: FilmId) -> FilmResult | State[FilmResult]:
    """Make a film as the flow run this is called in; one that was canceled ends as Cancelled."""
    try:
        return await make_film(ctx, film_id, presenter(ctx, film_id))
    except FilmCanceled as canceled:
        return Cancelled(message=str(canceled), data=canceled)


async def make_film(ctx: AppContext, film_id: FilmId, shown_by: Presenter) -> FilmResult:
    """Walk a film through its stages; one that is complete already is returned as it is. It needs no flow run.

    Raises:
        FilmFailed, FilmCanceled: It ended so.
        LeaseTaken: Another run makes it.
    """
    settled = await completed_result(ctx, film_id)
    if settled is not None:
        return settled
    await run_stages(ctx, film_id, shown_by)
    return await film_result(ctx, film_id)


async def run_stages(ctx: AppContext, film_id: FilmId, shown_by: Presenter, stages: Stages = STAGES) -> Deliverables:
    """Run the stages in their order, under the film's lease; however they end, the film is settled or given back."""
    async with film_run(ctx, film_id, shown_by) as run:
        storyboard = await stages.scripting(run)
        await stages.moderation(run, storyboard)
        anchors = await stages.anchoring(run, storyboard)
        footage = await stages.generating(run, storyboard, anchors)
        soundtrack = await stages.audio(run, footage)
        composed = await stages.composing(run, storyboard, footage, soundtrack)
        return await stages.delivering(run, storyboard, composed)
