"""What Prefect shows of a film and lets a person do with it: artifacts, Retry, the question before spending."""

import asyncio

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.flow_engine import run_flow_async
from prefect.states import AwaitingRetry, Pending

from app.context import AppContext
from film.errors import NotRetryable
from film.ids import LOCAL_ACCOUNT, FilmId
from film.status import Status
from flows.long_video import long_video
from ledger.database.records import Approval, Film
from ledger.films import approvals, queries
from tests.flows.conftest import Vendors, made, ordered, until
from tests.flows.test_retry import SECOND_FAILS

WISH = {
    "prompt": "A calm morning by the sea",
    "duration": 9,
    "provider": "seedance-fast",
    "resolution": "480p",
    "language": "en",
    "narration": False,
    "music": False,
    "continuity": "chained",
}


async def artifacts_of(film_id: FilmId) -> dict[str, Artifact]:
    """Return a film's artifacts by their name."""
    prefix = film_id.replace("_", "-")
    async with get_client() as client:
        found = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(like_=f"{prefix}-%")), limit=50
        )
    return {str(artifact.key).removeprefix(f"{prefix}-"): artifact for artifact in found}


def amounts(statement: str) -> list[list[str]]:
    """Return the rows of a credit statement: held, charged, given back, still held; the last is the sum."""
    rows = [line.strip("| ").split(" | ") for line in statement.splitlines() if line.startswith("|")]
    return [row[1:] for row in rows[2:]]


async def test_a_completed_film_is_shown_whole(ctx: AppContext) -> None:
    """Progress 100, a storyboard with a picture a segment, credits that add up, the film's link; one artifact each."""
    film = await made(ctx, await ordered(ctx))
    shown = await artifacts_of(film.id)
    assert set(shown) == {"progress", "storyboard", "credits", "film"}
    assert shown["progress"].data == 100
    board = str(shown["storyboard"].data)
    assert (board.count("data:image/jpeg;base64,"), board.count("✓ ready")) == (2, 2)
    assert len(board) < 500_000
    assert amounts(str(shown["credits"].data)) == [
        ["90", "90", "0", "0"],
        ["72", "72", "0", "0"],
        ["162", "162", "0", "0"],
    ]
    assert film.result is not None
    assert film.result.film in str(shown["film"].data)


async def test_a_films_log_is_in_the_logs_tab_of_its_run(ctx: AppContext) -> None:
    """What happened to the film's money is where a Prefect user looks first, under the run it belongs to."""
    film_id = await ordered(ctx, duration=4)
    await made(ctx, film_id)
    async with get_client() as client:
        (run,) = await client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[film_id])))

        async def actions() -> list[str]:
            found = await client.read_logs(log_filter=LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])))
            return [log.message.split()[0] for log in found if film_id in log.message]

        async def settled() -> bool:
            return "film_settled" in await actions()

        await until(settled, deadline_s=60)
        told = await actions()
    assert {"film_taken", "submit_sending", "submit_accepted", "job_ready", "hold_posted"} <= set(told)


async def test_a_failed_film_shows_what_went_back(ctx: AppContext, vendors: Vendors) -> None:
    """The statement's columns add up where a segment failed, and no link is shown."""
    vendors.script({**SECOND_FAILS, "times": None})
    film = await made(ctx, await ordered(ctx, continuity="chained"))
    shown = await artifacts_of(film.id)
    assert amounts(str(shown["credits"].data)) == [
        ["90", "90", "0", "0"],
        ["72", "0", "72", "0"],
        ["162", "90", "72", "0"],
    ]
    assert "film" not in shown
    assert "segment_failed" in str(shown["storyboard"].data)


async def run_again(flow_run: FlowRun) -> FlowRun:
    """Run a flow run as a worker does, after the UI's Retry where it has ended."""
    async with get_client() as client:
        if flow_run.state is not None and flow_run.state.is_final():
            await client.set_flow_run_state(flow_run.id, AwaitingRetry(), force=True)
            await client.set_flow_run_state(flow_run.id, Pending(), force=True)
        await run_flow_async(
            long_video, flow_run=await client.read_flow_run(flow_run.id), parameters=WISH, return_type="state"
        )
        return await client.read_flow_run(flow_run.id)


async def first_run() -> FlowRun:
    """Run the front door once, as a run of its own."""
    async with get_client() as client:
        return await run_again(await client.create_flow_run(long_video, parameters=WISH, state=Pending()))


async def all_films(ctx: AppContext) -> list[Film]:
    """Return this test's films, newest first."""
    return list(await queries.list_films(ctx.database, LOCAL_ACCOUNT, limit=10))


async def test_retry_salvages_a_failed_film(ctx: AppContext, vendors: Vendors) -> None:
    """The UI's Retry of a failed run: a new film adopts what is ready and pays for the rest; again: it is reused."""
    vendors.script({**SECOND_FAILS, "times": None})
    run = await first_run()
    assert run.state_name == "Failed"
    vendors.script()
    run = await run_again(run)
    newest, former = await all_films(ctx)
    assert (run.state_name, newest.retry_of, newest.cost_actual_mc) == ("Completed", former.id, 72_000)
    run = await run_again(run)
    assert (run.state_name, len(await all_films(ctx))) == ("Completed", 2)


async def test_retry_of_a_refused_film_is_refused(ctx: AppContext, vendors: Vendors) -> None:
    """What moderation rejected isn't ordered again by a button."""
    vendors.script({"vendor": "anthropic", "operation": "message", "fault": "block", "times": None})
    run = await run_again(await first_run())
    assert run.state is not None
    with pytest.raises(NotRetryable):
        await run.state.aresult()
    assert len(await all_films(ctx)) == 1


@pytest.mark.parametrize(
    ("door", "decision", "status", "shown"),
    [
        pytest.param("prefect", Approval.APPROVED, Status.COMPLETED, "Completed", id="yes in Prefect"),
        pytest.param("prefect", Approval.REJECTED, Status.CANCELED, "Cancelled", id="no in Prefect"),
        pytest.param("rows", Approval.APPROVED, Status.COMPLETED, "Completed", id="yes by the command"),
    ],
)
async def test_the_question_is_answered_at_either_door(
    ctx: AppContext, door: str, decision: Approval, status: Status, shown: str
) -> None:
    """The paused run shows cost and storyboard; whoever answers first decides, and the run goes on."""
    async with get_client() as client:
        fields = {**WISH, "duration": 4, "approve": True}
        run = await client.create_flow_run(long_video, parameters=fields, state=Pending())
        running = asyncio.create_task(run_flow_async(long_video, flow_run=run, parameters=fields, return_type="state"))

        async def paused() -> bool:
            return (await client.read_flow_run(run.id)).state_name == "Paused"

        await until(paused, deadline_s=180)
        film = (await all_films(ctx))[0]
        assert film.awaiting_approval
        if door == "prefect":
            await client.resume_flow_run(run.id, run_input={"decision": decision.value})
        else:
            await approvals.answer(ctx.database, film.id, decision)
        await asyncio.wait({running})
        state = await client.read_flow_run(run.id)
    assert ((await queries.get_film(ctx.database, film.id)).status, state.state_name) == (status, shown)
