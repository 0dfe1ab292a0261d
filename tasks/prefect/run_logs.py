"""The log lines of a film in the Logs tab of the Prefect run they belong to."""

import logging
from typing import Final

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler

_LOGGER: Final = "longvideo"


class _OfARun(logging.Filter):
    """Passes what is said inside a flow or task run; the process's other lines belong to none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line belongs to a run."""
        return (
            FlowRunContext.get() is not None
            or TaskRunContext.get() is not None
            or getattr(record, "flow_run_id", None) is not None
        )


def forward_logs() -> None:
    """Let the runs of this process have their lines in Prefect; called again, it changes nothing.

    Only the program's own logger is touched: what the user's flows log is theirs.
    """
    logger = logging.getLogger(_LOGGER)
    if any(isinstance(handler, APILogHandler) for handler in logger.handlers):
        return
    handler = APILogHandler()
    handler.addFilter(_OfARun())
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:  # a script that imports a flow of ours has configured nothing
        logger.setLevel(logging.INFO)
