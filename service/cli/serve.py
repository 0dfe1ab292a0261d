"""`longvideo up`, `worker` and `deploy`."""

import os

import typer

from film.errors import InvalidRequest
from service.cli.terminal import print_error, read_settings, run
from service.shown import say

_NO_PREFECT = InvalidRequest(
    field="PREFECT_API_URL",
    reason="is not set: name your Prefect server, http://HOST:4200/api; on one machine `longvideo up` needs none",
)


def up() -> None:
    """Run everything on this machine: Prefect with its UI, worker, HTTP API and, without keys, the simulators.

    Ports: LONGVIDEO_PREFECT_PORT, LONGVIDEO_API_PORT, LONGVIDEO_SIMULATORS_PORT.
    """
    settings = read_settings(serving=True)

    async def body() -> int:
        from service.up import UP, run_services  # noqa: PLC0415 - Prefect reads its settings when it is imported

        await run_services(UP, settings, say)
        return 0

    raise typer.Exit(run(body(), as_json=False))


def worker() -> None:
    """Make films on this machine, for the database and the Prefect server that run elsewhere."""
    settings = read_settings(serving=True)
    _require_prefect()

    async def body() -> int:
        from service.up import WORKER, run_services  # noqa: PLC0415 - as above

        await run_services(WORKER, settings, say)
        return 0

    raise typer.Exit(run(body(), as_json=False))


def deploy() -> None:
    """Create or update the deployments of prefect.yaml at the server of PREFECT_API_URL."""
    settings = read_settings()
    _require_prefect()

    async def body() -> int:
        from service.prefect.deploy import deploy as deploy_all  # noqa: PLC0415 - as above

        await deploy_all(settings.home / "prefect-deploy.log")
        say(f"Deployed at {os.environ['PREFECT_API_URL']}")
        return 0

    raise typer.Exit(run(body(), as_json=False))


def _require_prefect() -> None:
    if not os.environ.get("PREFECT_API_URL"):
        raise typer.Exit(print_error(_NO_PREFECT, as_json=False))
