"""Whoever can't renew a lease has stopped before another may take the film."""

import asyncio
from dataclasses import replace
from typing import cast

from app.lease_heartbeat import LeaseHeartbeat
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import parse_request
from ledger.database.engine import Database, open_database
from ledger.films.orders import Payer, open_film
from ledger.leases import Lease, take_lease
from purchasing.timings import Timings
from tests.databases import HandClock, administer, apart

TIMINGS = replace(Timings(), lease_s=2, renew_s=0.2, poll_db_s=0.05)


async def test_films_are_let_go_when_the_database_is_gone(
    postgres: str, postgres_template: str, clock: HandClock
) -> None:
    """The database is dropped under a running process: its films are lost to it once their leases have run out."""
    apart(lambda: asyncio.run(administer(postgres, f"CREATE DATABASE kept TEMPLATE {postgres_template}")))
    database = await open_database(postgres.format(database="kept"), clock, migrate=False)
    request = parse_request({"prompt": "A gull", "duration": 4, "language": "en"})
    local = Payer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
    opened = await open_film(database, request, local, idem_key=None, simulated=True)
    lease = await take_lease(database, opened.film_id, owner="run-1", lease_s=TIMINGS.lease_s)
    heartbeat, lost = LeaseHeartbeat(database, clock, TIMINGS), asyncio.Event()
    async with asyncio.timeout(60), heartbeat.running():
        with heartbeat.keep_alive(lease, lost=lost.set, moved=lambda: None):
            assert heartbeat.is_running(opened.film_id)
            await asyncio.to_thread(asyncio.run, administer(postgres, "DROP DATABASE kept WITH (FORCE)"))
            assert not lost.is_set(), "it may come back: nobody else may take the film yet"
            clock.time += TIMINGS.lease_s
            await lost.wait()
            assert not heartbeat.is_running(opened.film_id)
    await database.close()


class _BrokenBooks:
    """Books that fail in a way nobody thought of, and count how often they were asked."""

    asked = 0

    def now_ms(self) -> int:
        """Fail."""
        self.asked += 1
        raise TypeError("nobody thought of this")

    snapshot = transaction = now_ms


async def test_an_error_nobody_thought_of_is_tried_again_and_then_lets_the_films_go(clock: HandClock) -> None:
    """Whatever fails, the lease may still be renewed at the next try; once it has run out, the run is stopped."""
    lost, database = asyncio.Event(), _BrokenBooks()
    heartbeat = LeaseHeartbeat(cast("Database", database), clock, TIMINGS)
    lease = Lease(film_id=FilmId("vid_1"), epoch=1, owner="run-1")
    async with asyncio.timeout(60), heartbeat.running():
        with heartbeat.keep_alive(lease, lost=lost.set, moved=lambda: None):
            while database.asked < 3:  # noqa: ASYNC110 - the heartbeat has nobody to tell of its tries
                await asyncio.sleep(0.01)
            assert not lost.is_set()
            clock.time += TIMINGS.lease_s
            await lost.wait()
            assert not heartbeat.is_running(FilmId("vid_1"))
