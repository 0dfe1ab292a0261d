"""The house's own chores, every minute: late jobs are followed to their end."""

from prefect import flow

from tasks.housekeeping import drain
from tasks.studio import shared_studio


@flow(name="housekeeping", flow_run_name="housekeeping", persist_result=False)
async def housekeeping() -> int:
    """Do one round; return how many late jobs came to their end."""
    async with shared_studio() as studio:
        return await drain(studio)
