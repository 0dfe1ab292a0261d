"""`longvideo deploy`: the work pool, then the deployments of `prefect.yaml`, at the server of PREFECT_API_URL."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from film.errors import PrefectUnavailable
from service.worker.prefect_worker import POOL, FilmWorker
from tasks.prefect.client import PREFECT_ERRORS

DEPLOYMENTS: Final = Path(__file__).parents[2] / "prefect.yaml"


async def deploy(log: Path) -> None:
    """Create or update every deployment; doing it again changes nothing.

    Args:
        log: File for what Prefect says about it.

    Raises:
        PrefectUnavailable: Prefect's server is away or refused.
    """
    async with get_client() as client:
        url = str(client.api_url)
        try:
            await _make_pool(client)
        except PREFECT_ERRORS as error:
            reason = f"{type(error).__name__}: is it running, and PREFECT_API_URL right?"
            raise PrefectUnavailable(url=url, reason=reason, log=str(log)) from error
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(DEPLOYMENTS)),
            cwd=DEPLOYMENTS.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
        try:
            code = await process.wait()
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
    if code != 0:
        raise PrefectUnavailable(url=url, reason=f"`prefect deploy` ended with code {code}", log=str(log))


async def _make_pool(client: PrefectClient) -> None:
    template = FilmWorker.get_default_base_job_template()
    with suppress(ObjectAlreadyExists):
        await client.create_work_pool(WorkPoolCreate(name=POOL, type=FilmWorker.type, base_job_template=template))
