"""Whoever can't renew a lease has stopped before another may take the film."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from film.clock import SystemClock
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import parse_request
from ledger.database import Books, open_books
from ledger.films import Customer, open_film
from ledger.leases import Lease, take_lease
from tasks.keeping import Keeper
from tasks.timings import Timings
from tests.databases import HandClock, administer, apart

TIMINGS = replace(Timings(), lease_s=2, renew_s=0.2, watch_s=0.05)


async def test_films_are_let_go_when_the_database_is_gone(
    postgres: str, postgres_template: str, clock: HandClock
) -> None:
    """The database is dropped under a running process: its films are lost to it once their leases have run out."""
    apart(lambda: asyncio.run(administer(postgres, f"CREATE DATABASE kept TEMPLATE {postgres_template}")))
    books = await open_books(postgres.format(database="kept"), clock, migrate=False)
    request = parse_request({"prompt": "A gull", "duration": 4, "language": "en"})
    local = Customer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
    opened = await open_film(books, request, local, idem_key=None, simulated=True)
    lease = await take_lease(books, opened.film_id, holder="run-1", lease_s=TIMINGS.lease_s)
    keeper, lost = Keeper(books, clock, TIMINGS), asyncio.Event()
    async with asyncio.timeout(60), keeper.running():
        with keeper.kept(lease, lost=lost.set, moved=lambda: None):
            assert keeper.has(opened.film_id)
            await asyncio.to_thread(asyncio.run, administer(postgres, "DROP DATABASE kept WITH (FORCE)"))
            assert not lost.is_set(), "it may come back: nobody else may take the film yet"
            clock.time += TIMINGS.lease_s
            await lost.wait()
            assert not keeper.has(opened.film_id)
    await books.close()


async def test_films_are_let_go_when_nobody_looks_any_more() -> None:
    """An error that nobody thought of ends the looking, and the films with it; it isn't swallowed."""
    lost = asyncio.Event()
    keeper = Keeper(cast("Books", object()), SystemClock(), TIMINGS)
    lease = Lease(film_id=FilmId("vid_1"), epoch=1, holder="run-1")

    async def make() -> None:
        async with asyncio.timeout(60), keeper.running():
            with keeper.kept(lease, lost=lost.set, moved=lambda: None):
                await lost.wait()

    with pytest.raises(AttributeError):
        await make()
