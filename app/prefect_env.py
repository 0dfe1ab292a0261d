"""What a process of ours sets for the libraries it starts, before they are imported."""

import logging
import os

from app.settings import Settings

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
    # A server for the occasion (a script that awaits the flow) has 20 s by default; slow machines need more.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Somebody who presses Run looks at the screen.
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    # A run that is taken up before its time waits in Prefect's engine, which fails when it is stopped there (3.8.8).
    "PREFECT_WORKER_PREFETCH_SECONDS": "0",
}


#: Whose every request would otherwise be a line, with addresses that are signed.
_QUIET = ("httpx", "httpx2", "httpcore", "httpcore2", "anthropic")


#: Warns of each lease it renews too late on a busy machine: of `housekeeping`'s, which is none of a person's business.
_FUSSY = "prefect.concurrency"

#: A command that shows a film tells its end in one sentence; Prefect's trace of it, and its complaint that the server
#: has gone with the command, tell nothing more.
_ON_TERMINAL = {
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # A person waits for the film, which needs no Prefect: a server that is away is given up after some 7 s.
    "PREFECT_CLIENT_MAX_RETRIES": "3",
    "PREFECT_API_REQUEST_TIMEOUT": "15",
}


def prepare_environment(settings: Settings, *, on_terminal: bool = False) -> None:
    """Give Prefect its settings; whatever the user has set stays. Must run before Prefect is imported.

    Args:
        settings: This process's settings.
        on_terminal: Whether this process shows one film on a terminal.
    """
    home = settings.home / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    ours = {**_PREFECT, **(_ON_TERMINAL if on_terminal else {}), "PREFECT_HOME": str(home)}
    for name, value in ours.items():
        os.environ.setdefault(name, value)
    # A child may run in another folder: `prefect deploy` does.
    os.environ["LONGVIDEO_HOME"] = str(settings.home)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(_FUSSY).setLevel(logging.ERROR)
