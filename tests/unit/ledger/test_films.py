"""Orders become films with holds, once."""

import asyncio

import pytest

from film.errors import FilmNotFound, InsufficientCredits
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest, parse_request
from film.status import SegmentState, Status
from ledger.audit.run import check_books
from ledger.credits.transfers import balance_of
from ledger.database.engine import Database
from ledger.films import queries
from ledger.films.lookup import find_unfinished
from ledger.films.orders import Payer, open_film
from ledger.films.settlement import cancel_film
from ledger.leases import release_lease, take_lease
from tests.databases import HandClock
from tests.unit.ledger.conftest import LOCAL


async def test_an_order_holds_its_estimate(database: Database, request_17s: FilmRequest, rich: Payer) -> None:
    """The film, its segments and one hold each are there together; the estimate is reserved, not charged."""
    opened = await open_film(database, request_17s, rich, idem_key="k1", simulated=False)
    film = await queries.get_film(database, opened.film_id)
    segments = await queries.get_segments(database, opened.film_id)
    assert (film.status, film.progress, film.cost_estimate_mc, film.cost_actual_mc) == (Status.QUEUED, 0, 467_500, None)
    assert film.request == request_17s
    assert [(row.kept_s, row.price_mc, row.state) for row in segments] == [
        (6, 165_000, SegmentState.PENDING),
        (6, 165_000, SegmentState.PENDING),
        (5, 137_500, SegmentState.PENDING),
    ]
    balance = await balance_of(database, rich.account)
    assert (balance.available_mc, balance.reserved_mc) == (532_500, 467_500)
    await check_books(database)


async def test_too_little_credit_writes_nothing(database: Database, rich: Payer) -> None:
    """402: no film, no hold, no lost credit."""
    dear = parse_request({"prompt": "x", "duration": 180, "language": "en"})
    with pytest.raises(InsufficientCredits) as refused:
        await open_film(database, dear, rich, idem_key="k", simulated=False)
    assert (refused.value.needed, refused.value.available) == ("4950", "1000")
    assert await queries.list_films(database, rich.account, limit=10) == []
    assert (await balance_of(database, rich.account)).available_mc == 1_000_000
    small = parse_request({"prompt": "x", "duration": 3, "language": "en"})
    assert not (await open_film(database, small, rich, idem_key="k", simulated=False)).replayed, "402 uses no key up"


async def test_the_same_key_answers_the_same_film(database: Database, request_17s: FilmRequest, rich: Payer) -> None:
    """A repeated order is the first film, held once; another request under the key is told."""
    first = await open_film(database, request_17s, rich, idem_key="k", simulated=False)
    again = await open_film(database, request_17s, rich, idem_key="k", simulated=False)
    other = await open_film(
        database, request_17s.model_copy(update={"prompt": "other"}), rich, idem_key="k", simulated=False
    )
    assert (again.film_id, again.replayed, again.mismatch) == (first.film_id, True, False)
    assert (other.film_id, other.replayed, other.mismatch) == (first.film_id, True, True)
    assert (await balance_of(database, rich.account)).reserved_mc == 467_500


async def test_a_hundred_twins_make_one_film(database: Database, request_17s: FilmRequest, rich: Payer) -> None:
    """100 concurrent orders under one key: one film, one set of holds."""
    opened = await asyncio.gather(
        *(open_film(database, request_17s, rich, idem_key="twin", simulated=False) for _ in range(100))
    )
    assert len({one.film_id for one in opened}) == 1
    assert sum(not one.replayed for one in opened) == 1
    assert (await balance_of(database, rich.account)).reserved_mc == 467_500
    await check_books(database)


async def test_fifty_orders_for_the_money_of_two(database: Database, request_17s: FilmRequest, rich: Payer) -> None:
    """No oversell: of 50 concurrent orders just those are taken that the balance covers."""

    async def order(number: int) -> bool:
        try:
            await open_film(database, request_17s, rich, idem_key=f"k{number}", simulated=False)
        except InsufficientCredits:
            return False
        return True

    assert sum(await asyncio.gather(*(order(number) for number in range(50)))) == 2
    await check_books(database)


async def test_the_local_account_is_granted_what_a_film_lacks(database: Database, request_17s: FilmRequest) -> None:
    """This machine's own user needs no purse: the grant is exactly the estimate."""
    await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)
    balance = await balance_of(database, LOCAL_ACCOUNT)
    assert (balance.available_mc, balance.reserved_mc) == (0, 467_500)


async def test_unfinished_twins_tell_their_holder(
    database: Database, request_17s: FilmRequest, clock: HandClock
) -> None:
    """Unfinished films of the same order are found, with the owner whose lease is alive."""

    async def twins(request: FilmRequest = request_17s) -> list[tuple[str, str | None]]:
        return [
            (unfinished.film_id, unfinished.owner)
            for unfinished in await find_unfinished(database, request, LOCAL_ACCOUNT)
        ]

    first = (await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)).film_id
    assert await twins() == [(first, None)]
    lease = await take_lease(database, first, owner="a", lease_s=60)
    assert await twins() == [(first, "a")]
    clock.time += 61
    assert await twins() == [(first, None)]
    await release_lease(database, lease)
    second = (await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)).film_id
    await cancel_film(database, first)
    assert await twins() == [(second, None)]
    assert await twins(request_17s.model_copy(update={"prompt": "another"})) == []


async def test_unknown_film(database: Database) -> None:
    """A film that isn't there is named."""
    with pytest.raises(FilmNotFound, match="vid_nope"):
        await queries.get_film(database, FilmId("vid_nope"))
