"""The house's own chores: late jobs are followed every minute; once a day old files go and the books are audited."""

from typing import Annotated

from prefect import flow

from flows.options import NO_RESULTS, form
from tasks import housekeeping as chores
from tasks.studio import shared_studio


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
    async with shared_studio() as studio:
        ended = await chores.drain(studio)
        if audit:
            await chores.forget_old(studio)
            await chores.audit(studio)
        return ended
