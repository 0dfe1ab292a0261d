"""The house's own chores: late jobs are followed every minute; once a day old files go and the books are audited."""

from typing import Annotated

from prefect import flow

from app.context import shared_context
from flows.options import NO_RESULTS, form
from tasks.films import housekeeping as chores


@flow(name="housekeeping", flow_run_name="housekeeping", persist_result=False, result_storage=NO_RESULTS)
async def housekeeping(
    audit: Annotated[
        bool,
        form("Daily round", "Remove what is too old, and check every invariant of the books."),
    ] = False,
) -> int:
    """Do one round; return how many late jobs came to their end.

    Raises:
        InvariantBroken: The books don't balance.
    """
    async with shared_context() as ctx:
        ended = await chores.follow_late_jobs(ctx)
        if audit:
            await chores.apply_retention(ctx)
            await chores.audit(ctx)
        return ended
