"""The ledger on both databases: each test gets empty database, SQLite and PostgreSQL alike."""

import pytest

from film.ids import LOCAL_ACCOUNT, AccountId
from film.request import FilmRequest, parse_request
from ledger.credits.transfers import grant
from ledger.database.engine import Database
from ledger.films.orders import Payer, open_film
from ledger.leases import Lease, take_lease
from ledger.purchases.rate_limit import RateLimit

LOCAL = Payer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
RATE_LIMIT = RateLimit(
    vendor="listenhub",
    model="happyhorse",
    key_print="k",
    submits=5,
    window_ms=60_000,
    guard_ms=1000,
    retry_delay_ms=100,
)


@pytest.fixture
def request_17s() -> FilmRequest:
    """Return an order of three segments: 6, 6 and 5 s, 165 + 165 + 137.5 credits."""
    return parse_request({"prompt": "A calm morning", "duration": 17, "language": "en"})


@pytest.fixture
async def leased(database: Database, request_17s: FilmRequest) -> Lease:
    """Return the lease of a fresh film of three segments."""
    opened = await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)
    return await take_lease(database, opened.film_id, owner="run-1", lease_s=60)


@pytest.fixture
async def rich(database: Database) -> Payer:
    """Return a customer with 1000 credits of their own."""
    account = AccountId("acme")
    await grant(database, account, 1_000_000, idem_key="first")
    return Payer(account=account, api_key="key-1")
