"""Claims: a waiting film goes to one dispatcher, the oldest first; held, ended and refused ones to none."""

import asyncio

import pytest

from film.ids import FilmId
from film.request import FilmRequest
from ledger.database.engine import Database
from ledger.films import queries
from ledger.films.claims import active_owners, claim_films, lease_status
from ledger.films.orders import open_film
from ledger.films.settlement import cancel_film
from ledger.leases import Lease, LeaseOwner, release_lease, renew_leases, take_lease
from tests.databases import HandClock
from tests.unit.ledger.conftest import LOCAL

HERE = LeaseOwner(owner="here:1:a", lease_s=60)
THERE = LeaseOwner(owner="there:2:b", lease_s=60)


@pytest.fixture
async def film_id(database: Database, request_17s: FilmRequest) -> FilmId:
    """Return a fresh film that nobody holds."""
    return (await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)).film_id


async def test_a_waiting_film_is_claimed_once(database: Database, film_id: FilmId) -> None:
    """Two dispatchers at the same instant: one of them gets the film."""
    claims = await asyncio.gather(claim_films(database, HERE, limit=4), claim_films(database, THERE, limit=4))
    assert sorted(len(found) for found in claims) == [0, 1]
    claim = (claims[0] or claims[1])[0]
    assert (claim.lease.film_id, claim.lease.epoch, claim.run_before) == (film_id, 1, False)
    assert list(await active_owners(database)) == [claim.lease.owner]


async def test_a_claim_keeps_others_away_until_its_run(database: Database, film_id: FilmId, clock: HandClock) -> None:
    """The claimer's own run takes the lease; an unused claim can be given up, or lapses."""
    (claim,) = await claim_films(database, HERE, limit=1)
    assert await claim_films(database, THERE, limit=1) == []
    await release_lease(database, claim.lease, in_order=False)
    (again,) = await claim_films(database, THERE, limit=1)
    clock.time += 61
    (third,) = await claim_films(database, HERE, limit=1)
    lease = await take_lease(database, film_id, owner=HERE.owner, lease_s=60)
    await release_lease(database, third.lease, in_order=False)  # does nothing: the run has the film by now
    assert (await queries.get_film(database, film_id)).lease_owner == lease.owner
    assert again.lease.owner == THERE.owner


async def test_a_claim_frees_only_what_it_claimed(database: Database, film_id: FilmId, clock: HandClock) -> None:
    """A dispatcher that stalled past its claim gives nothing up of whoever claimed the film meanwhile."""
    (stalled,) = await claim_films(database, HERE, limit=1)
    clock.time += 61
    (theirs,) = await claim_films(database, THERE, limit=1)
    await release_lease(database, stalled.lease, in_order=False)
    film = await queries.get_film(database, film_id)
    assert (film.lease_owner, film.epoch) == (THERE.owner, theirs.lease.epoch)
    assert await renew_leases(database, [stalled.lease, theirs.lease], lease_s=60) == {theirs.lease}


async def test_a_run_that_led_nowhere_may_be_shown_still(database: Database, film_id: FilmId) -> None:
    """Who claims a film after a run of it knows that there may be an open flow run to close."""
    lease = await take_lease(database, film_id, owner=HERE.owner, lease_s=60)
    await release_lease(database, lease, in_order=False)
    (claim,) = await claim_films(database, THERE, limit=1)
    assert claim.run_before


async def test_who_is_not_dispatched(database: Database, leased: Lease, clock: HandClock) -> None:
    """A held film waits for its lease to lapse, unless its owner is known dead; a refused or ended one is left."""
    assert await claim_films(database, HERE, limit=4) == []
    (taken,) = await claim_films(database, HERE, limit=4, dead=[leased.owner])
    assert taken.lease.epoch == leased.epoch + 1
    clock.time += 61
    assert await claim_films(database, THERE, limit=4, exclude=[leased.film_id]) == []
    await cancel_film(database, leased.film_id)
    assert await claim_films(database, THERE, limit=4) == []


async def test_a_pulse_tells_of_every_write(database: Database, leased: Lease, clock: HandClock) -> None:
    """A film's end shows as another epoch and another time."""
    before = (await lease_status(database, [leased.film_id]))[leased.film_id]
    clock.time += 1
    await cancel_film(database, leased.film_id)
    after = (await lease_status(database, [leased.film_id]))[leased.film_id]
    assert (before.epoch, after.epoch) == (leased.epoch, leased.epoch + 1)
    assert after.updated_at_ms > before.updated_at_ms
