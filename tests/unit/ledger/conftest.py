"""The ledger on both databases: each test gets empty books, SQLite and PostgreSQL alike."""

import pytest

from film.ids import LOCAL_ACCOUNT, AccountId
from film.request import FilmRequest, parse_request
from ledger.credits import grant
from ledger.database import Books
from ledger.films import Customer, open_film
from ledger.gate import GateRule
from ledger.leases import Lease, take_lease

LOCAL = Customer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
RULE = GateRule(
    vendor="listenhub", model="happyhorse", key_print="k", submits=5, window_ms=60_000, guard_ms=1000, patience_ms=100
)


@pytest.fixture
def request_17s() -> FilmRequest:
    """Return an order of three segments: 6, 6 and 5 s, 165 + 165 + 137.5 credits."""
    return parse_request({"prompt": "A calm morning", "duration": 17, "language": "en"})


@pytest.fixture
async def leased(books: Books, request_17s: FilmRequest) -> Lease:
    """Return the lease of a fresh film of three segments."""
    opened = await open_film(books, request_17s, LOCAL, idem_key=None, simulated=True)
    return await take_lease(books, opened.film_id, holder="run-1", lease_s=60)


@pytest.fixture
async def rich(books: Books) -> Customer:
    """Return a customer with 1000 credits of their own."""
    account = AccountId("acme")
    await grant(books, account, 1_000_000, idem_key="first")
    return Customer(account=account, api_key="key-1")
