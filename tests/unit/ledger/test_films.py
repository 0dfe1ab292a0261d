"""Orders become films with holds, once."""

import asyncio

import pytest

from film.errors import FilmNotFound, InsufficientCredits
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest, parse_request
from film.status import SegmentState, Status
from ledger import films
from ledger.audit import check_books
from ledger.credits import balance_of
from ledger.database import Books
from ledger.ending import cancel_film
from ledger.films import Customer, open_film
from ledger.leases import release_lease, take_lease
from ledger.reorders import unfinished_twins
from tests.databases import HandClock
from tests.unit.ledger.conftest import LOCAL


async def test_an_order_holds_its_estimate(books: Books, request_17s: FilmRequest, rich: Customer) -> None:
    """The film, its segments and one hold each are there together; the estimate is reserved, not charged."""
    opened = await open_film(books, request_17s, rich, idem_key="k1", simulated=False)
    film = await films.film(books, opened.film_id)
    segments = await films.segments(books, opened.film_id)
    assert (film.status, film.progress, film.cost_estimate_mc, film.cost_actual_mc) == (Status.QUEUED, 0, 467_500, None)
    assert film.request == request_17s
    assert [(row.kept_s, row.price_mc, row.state) for row in segments] == [
        (6, 165_000, SegmentState.PENDING),
        (6, 165_000, SegmentState.PENDING),
        (5, 137_500, SegmentState.PENDING),
    ]
    balance = await balance_of(books, rich.account)
    assert (balance.available_mc, balance.reserved_mc) == (532_500, 467_500)
    await check_books(books)


async def test_too_little_credit_writes_nothing(books: Books, rich: Customer) -> None:
    """402: no film, no hold, no lost credit."""
    dear = parse_request({"prompt": "x", "duration": 180, "language": "en"})
    with pytest.raises(InsufficientCredits) as refused:
        await open_film(books, dear, rich, idem_key="k", simulated=False)
    assert (refused.value.needed, refused.value.available) == ("4950", "1000")
    assert await films.list_films(books, rich.account, limit=10) == []
    assert (await balance_of(books, rich.account)).available_mc == 1_000_000
    small = parse_request({"prompt": "x", "duration": 3, "language": "en"})
    assert not (await open_film(books, small, rich, idem_key="k", simulated=False)).replayed, "402 uses no key up"


async def test_the_same_key_answers_the_same_film(books: Books, request_17s: FilmRequest, rich: Customer) -> None:
    """A repeated order is the first film, held once; another wish under the key is told."""
    first = await open_film(books, request_17s, rich, idem_key="k", simulated=False)
    again = await open_film(books, request_17s, rich, idem_key="k", simulated=False)
    other = await open_film(
        books, request_17s.model_copy(update={"prompt": "other"}), rich, idem_key="k", simulated=False
    )
    assert (again.film_id, again.replayed, again.mismatch) == (first.film_id, True, False)
    assert (other.film_id, other.replayed, other.mismatch) == (first.film_id, True, True)
    assert (await balance_of(books, rich.account)).reserved_mc == 467_500


async def test_a_hundred_twins_make_one_film(books: Books, request_17s: FilmRequest, rich: Customer) -> None:
    """100 concurrent orders under one key: one film, one set of holds."""
    opened = await asyncio.gather(
        *(open_film(books, request_17s, rich, idem_key="twin", simulated=False) for _ in range(100))
    )
    assert len({one.film_id for one in opened}) == 1
    assert sum(not one.replayed for one in opened) == 1
    assert (await balance_of(books, rich.account)).reserved_mc == 467_500
    await check_books(books)


async def test_fifty_orders_for_the_money_of_two(books: Books, request_17s: FilmRequest, rich: Customer) -> None:
    """No oversell: of 50 concurrent orders just those are taken that the balance covers."""

    async def order(number: int) -> bool:
        try:
            await open_film(books, request_17s, rich, idem_key=f"k{number}", simulated=False)
        except InsufficientCredits:
            return False
        return True

    assert sum(await asyncio.gather(*(order(number) for number in range(50)))) == 2
    await check_books(books)


async def test_the_local_account_is_granted_what_a_film_lacks(books: Books, request_17s: FilmRequest) -> None:
    """This machine's own user needs no purse: the grant is exactly the estimate."""
    await open_film(books, request_17s, LOCAL, idem_key=None, simulated=True)
    balance = await balance_of(books, LOCAL_ACCOUNT)
    assert (balance.available_mc, balance.reserved_mc) == (0, 467_500)


async def test_unfinished_twins_tell_their_holder(books: Books, request_17s: FilmRequest, clock: HandClock) -> None:
    """Unfinished films of the same order are found, with the holder whose lease is alive."""

    async def twins(request: FilmRequest = request_17s) -> list[tuple[str, str | None]]:
        return [(twin.film_id, twin.holder) for twin in await unfinished_twins(books, request, LOCAL_ACCOUNT)]

    first = (await open_film(books, request_17s, LOCAL, idem_key=None, simulated=True)).film_id
    assert await twins() == [(first, None)]
    lease = await take_lease(books, first, holder="a", lease_s=60)
    assert await twins() == [(first, "a")]
    clock.time += 61
    assert await twins() == [(first, None)]
    await release_lease(books, lease)
    second = (await open_film(books, request_17s, LOCAL, idem_key=None, simulated=True)).film_id
    await cancel_film(books, first)
    assert await twins() == [(second, None)]
    assert await twins(request_17s.model_copy(update={"prompt": "another"})) == []


async def test_unknown_film(books: Books) -> None:
    """A film that isn't there is named."""
    with pytest.raises(FilmNotFound, match="vid_nope"):
        await films.film(books, FilmId("vid_nope"))
