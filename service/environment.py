"""What a process of ours sets for the libraries it starts, before they are imported."""

import logging
import os

from tasks.settings import Settings

#: Prefect calls nobody, keeps its state in our home and stays quiet in a terminal that shows the film.
_PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    # The default, 62 s in all, is too little for a server that restarts.
    "PREFECT_CLIENT_MAX_RETRIES": "8",
    # Somebody who presses Run looks at the screen.
    "PREFECT_WORKER_QUERY_SECONDS": "2",
}


#: Whose every request would otherwise be a line, with addresses that are signed.
_QUIET = ("httpx", "httpx2", "httpcore", "httpcore2", "anthropic")


def prepare_environment(settings: Settings) -> None:
    """Give Prefect its settings; whatever the user has set stays. Must run before Prefect is imported."""
    home = settings.home / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    for name, value in {**_PREFECT, "PREFECT_HOME": str(home)}.items():
        os.environ.setdefault(name, value)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
