"""Prefect's client, as tasks use it: which runs were cancelled, and what may go wrong: never the film's fault."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.exceptions import PrefectException

from providers.http.clients import HTTP_ERRORS

#: Reporting is best effort behind these; a run they end gives its film back.
PREFECT_ERRORS: Final = (PrefectException, *HTTP_ERRORS)

#: An answer later than this isn't waited for: the server is away, and the next look asks again.
_PATIENCE_S: Final = 5.0
#: Prefect's server returns at most 200 runs a page.
_PAGE: Final = 200


def open_client() -> PrefectClient:
    """Return a client of one's own, for use with `async with`: it outlives the flow run in whose context it is opened.

    `get_client` returns the run's own client unless settings are named.
    """
    return get_client(httpx_settings={})


async def find_cancelling(flow_run_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Return which of the flow runs somebody wants to be cancelled; none while Prefect can't be asked."""
    found: list[UUID] = []
    with suppress(TimeoutError, *PREFECT_ERRORS):
        async with asyncio.timeout(_PATIENCE_S), open_client() as client:
            for start in range(0, len(flow_run_ids), _PAGE):
                wanted = FlowRunFilter(
                    id=FlowRunFilterId(any_=list(flow_run_ids[start : start + _PAGE])),
                    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
                )
                found += [run.id for run in await client.read_flow_runs(flow_run_filter=wanted, limit=_PAGE)]
    return found
