"""The film's flow: `long_video` orders one and makes it, `produce_film` makes one that is in the books already."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled

from film.canvas import AspectRatio, Resolution
from film.errors import FilmCanceled
from film.ids import FilmId, film_id_of
from film.profiles import Provider
from film.request import Continuity, MusicWish, Subtitles, VoiceWish
from flows.options import NO_RESULTS, form
from ledger.rows import Deliverables
from tasks.ordering import checked_request, dated, film_of_run
from tasks.prefect_presenter import presenter
from tasks.presenter import Presenter
from tasks.results import FilmResult, result_of, settled_result
from tasks.run import film_run
from tasks.stages import STAGES, Stages
from tasks.studio import Studio, shared_studio


# Parameters are judged by `film/request` alone, at every door alike; the annotations make the form.
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
    narration: Annotated[bool | VoiceWish, form("Narration", "Off, on, or by a named voice.")] = True,
    music: Annotated[bool | MusicWish, form("Music", "Off, on, described, or your file.")] = True,
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
    wish = {name: value for name, value in locals().items() if value is not None}
    wish["prompt"] = dated(prompt, flow_run.get_scheduled_start_time())
    async with shared_studio() as studio:
        request = checked_request(wish, studio.settings, allowed_origin=studio.allowed_origin)
        film_id = await film_of_run(studio, request, flow_run_id=flow_run.get_id(), run_count=flow_run.get_run_count())
        return await made(studio, film_id)


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
    async with shared_studio() as studio:
        return await made(studio, film_id_of(film_id))


async def made(studio: Studio, film_id: FilmId) -> FilmResult | State[FilmResult]:
    """Make a film as the flow run this is called in; one that was canceled ends as Cancelled."""
    try:
        return await make_film(studio, film_id, presenter(studio, film_id))
    except FilmCanceled as canceled:
        return Cancelled(message=str(canceled), data=canceled)


async def make_film(studio: Studio, film_id: FilmId, shown_by: Presenter) -> FilmResult:
    """Walk a film through its stages; one that is complete already is returned as it is. It needs no flow run.

    Raises:
        FilmFailed, FilmCanceled: It ended so.
        LeaseTaken: Another run makes it.
    """
    settled = await settled_result(studio, film_id)
    if settled is not None:
        return settled
    await run_stages(studio, film_id, shown_by)
    return await result_of(studio, film_id)


async def run_stages(studio: Studio, film_id: FilmId, shown_by: Presenter, stages: Stages = STAGES) -> Deliverables:
    """Run the stages in their order, under the film's lease; however they end, the film is settled or given back."""
    async with film_run(studio, film_id, shown_by) as run:
        storyboard = await stages.scripting(run)
        await stages.moderation(run, storyboard)
        anchors = await stages.anchoring(run, storyboard)
        footage = await stages.generating(run, storyboard, anchors)
        soundtrack = await stages.audio(run, footage)
        composed = await stages.composing(run, storyboard, footage, soundtrack)
        return await stages.delivering(run, storyboard, composed)
