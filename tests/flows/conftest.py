"""Films made for real in tests: one Prefect server and one simulators' process a session, a home of its own a test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from app.context import AppContext, open_context
from app.settings import Mode, Settings
from film.errors import FilmEnded
from film.ids import FilmId
from flows.long_video import produce_film
from ledger.audit.run import check_books
from ledger.database.records import Film
from ledger.films import queries
from simulators.launch import launched
from tasks.films.ordering import order_film, validate_request

TIME_SCALE = 100.0


class Vendors:
    """The simulators' control routes: faults in, records out."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=90)

    def script(self, *rules: dict[str, Any]) -> None:
        """Put these faults in force, instead of the former ones."""
        self._client.put("/_control/faults", json={"rules": rules}).raise_for_status()

    def fresh_windows(self) -> None:
        """Let a minute pass for the vendors."""
        self._client.put("/_control/clock", json={"advance_vendor_s": 61}).raise_for_status()

    def jobs(self, service: str) -> list[dict[str, Any]]:
        """Return every job that was ever created at a service."""
        return list(self._client.get("/_control/jobs", params={"service": service}).json()["jobs"])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


@pytest.fixture(scope="session", autouse=True)
def prefect(prefect_api: str) -> Iterator[None]:
    """Have this process's flows told to the session's Prefect server."""
    with temporary_settings({PREFECT_API_URL: prefect_api}):
        yield


@pytest.fixture(scope="session")
async def vendors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Vendors]:
    """Run the simulators for the session."""
    async with launched(tmp_path_factory.mktemp("simulators"), time_scale=TIME_SCALE) as url:
        control = Vendors(url)
        yield control
        control.close()


@pytest.fixture
async def ctx(vendors: Vendors, tmp_path: Path) -> AsyncIterator[AppContext]:
    """Return an open app context in a home of its own, with no fault in force."""
    vendors.script()
    vendors.fresh_windows()
    settings = Settings(
        mode=Mode.SIMULATED, home=tmp_path, simulators_url=vendors.url, time_scale=TIME_SCALE, _env_file=None
    )
    async with open_context(settings) as opened:
        yield opened
    vendors.script()


async def ordered(ctx: AppContext, **fields: Any) -> FilmId:
    """Order a film of two cheap segments (5 s for 90 credits, 4 s for 72), changed as the test wishes."""
    plain = {
        "prompt": "A calm morning by the sea",
        "duration": 9,
        "provider": "seedance-fast",
        "resolution": "480p",
        "language": "en",
        "narration": False,
        "music": False,
    }
    request = validate_request({**plain, **fields}, ctx.settings, allowed_origin=ctx.allowed_origin)
    return (await order_film(ctx, request, idem_key=None, at_once=False)).film_id


async def made(ctx: AppContext, film_id: FilmId) -> Film:
    """Run the film's flow to its end and return the row; whatever happened, the ledger balance."""
    state = await produce_film(film_id, return_state=True)
    with suppress(FilmEnded):
        await state.aresult()
    film = await queries.get_film(ctx.database, film_id)
    assert film.status.terminal
    expected = {"completed": state.is_completed, "failed": state.is_failed, "canceled": state.is_cancelled}
    assert expected[film.status](), f"the film is {film.status}, Prefect shows {state.type}"
    await check_books(ctx.database)
    return film


async def until(condition: Any, *, deadline_s: float = 120) -> None:
    """Wait until an async condition holds; fails at the deadline."""
    async with asyncio.timeout(deadline_s):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # rows of another task: there is nothing to be woken by
