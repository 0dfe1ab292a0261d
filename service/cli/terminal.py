"""The terminal's side of every command: settings, errors told, JSON, exit codes.

Exit codes: 0 completed, 1 failed, 2 bad request, 130 canceled, 143 stopped and given back.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from app.prefect_env import prepare_environment
from app.settings import LogLevel, Settings, misspelled_settings
from film.errors import LongVideoError, RequestError
from film.status import Status
from runtime.logs import configure_logging
from service.shown import say

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

#: A film's end as the process's exit code.
EXIT_OF: Final = {Status.COMPLETED: 0, Status.FAILED: 1, Status.CANCELED: 130}
_BAD_REQUEST: Final = 2
_STOPPED: Final = 143
#: What a command may take to end after its last word, in seconds.
_LEFT_S: Final = 8.0
_ENDS_PROCESS: Final = threading.Event()

FilmArgument = Annotated[str, typer.Argument(metavar="ID", help="The film's id, vid_...")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts; whatever else is told goes to stderr.")]


def read_settings(*, on_terminal: bool = False, serving: bool = False) -> Settings:
    """Return the settings, ready for Prefect to be imported; each wrong one is named and ends the command.

    A command that serves logs what the settings say. Any other answers a person: it logs warnings only, unless the
    level is set.

    Args:
        on_terminal: Whether the command shows one film on a terminal.
        serving: Whether the command runs until it is stopped.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = str(fault["loc"][0])
            variable = name if name.isupper() else f"LONGVIDEO_{name.upper()}"
            say(f"{variable}: {str(fault['msg']).removeprefix('Value error, ')}", err=True)
        raise typer.Exit(_BAD_REQUEST) from error
    asked_for = serving or "log_level" in settings.model_fields_set
    configure_logging(level=settings.log_level if asked_for else LogLevel.WARNING, form=settings.log_format)
    for name, meant in misspelled_settings():
        say(f"{name} is no setting and is ignored; did you mean {meant}?", err=True)
    try:
        prepare_environment(settings, on_terminal=on_terminal)
    except OSError as error:
        say(f"LONGVIDEO_HOME: {settings.home} can't be made: {error.strerror}", err=True)
        raise typer.Exit(_BAD_REQUEST) from error
    return settings


def run(body: Coroutine[Any, Any, int], *, as_json: bool, loop: LoopFactory | None = None) -> int:
    """Run a command's coroutine and return its exit code; our own errors are told, not traced.

    Args:
        body: The command.
        as_json: Whether errors are told to a script.
        loop: What makes the event loop; None is Python's own.
    """
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return _soon_over(runner.run(body))
    except LongVideoError as error:
        return _soon_over(print_error(error, as_json=as_json))
    except asyncio.CancelledError:
        say("Stopped; the film is given back. Run the same command again to go on with it.", err=True)
        return _soon_over(_STOPPED)


def own_process() -> None:
    """Let every command that is run end the process soon after its last word, whatever still holds it."""
    _ENDS_PROCESS.set()


def _soon_over(code: int) -> int:
    """Return the exit code; if this is the process's own command and it doesn't end by itself, end it.

    Prefect's engine and its events, whose server is away, would hold it for minutes. Nothing of ours is left to do.
    """

    def end() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    if _ENDS_PROCESS.is_set():
        timer = threading.Timer(_LEFT_S, end)
        timer.daemon = True
        timer.start()
    return code


def print_error(error: LongVideoError, *, as_json: bool) -> int:
    """Tell an error to a person or a script, and return the exit code for it."""
    code = getattr(error, "code", "internal_error")
    if as_json:
        print_json({"error": {"code": code, "message": str(error)}})
    else:
        say(str(error), err=True)
    return _BAD_REQUEST if isinstance(error, RequestError) else 1


def print_json(value: object) -> None:
    """Write one JSON value to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
