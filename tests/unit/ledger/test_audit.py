"""The audit finds nothing in a ledger that only our own operations wrote, and names every row that was planted."""

import asyncio
import shutil
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ledger.audit.purchases import SubmitLimit
from ledger.audit.run import Audit, audit_rows, read_audit
from ledger.database.engine import Database, open_database, sqlite_url
from tests.databases import HandClock, administer, apart
from tests.unit.ledger.audit_history import LIMIT, Names, written

CORRUPTIONS = tomllib.loads(Path(__file__).with_name("corruptions.toml").read_text("utf-8"))["corruption"]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Books that hold a history, unguarded, and the names of its rows; what a test harms is rolled back."""

    database: Database
    names: Names

    async def audit_after(self, *harms: str, limit: SubmitLimit = LIMIT) -> Audit:
        """Do some harm and return what the audit says of it."""
        async with self.database.transaction() as conn:
            for harm in harms:
                assert (await conn.execute(text(harm), self.names)).rowcount > 0, "it harms no row"
            audit = await read_audit(conn, [limit])
            await conn.rollback()
        return audit


@pytest.fixture(scope="module")
def sqlite_history(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Names]:
    """Return the URL of a SQLite history and the names of its rows."""
    url = sqlite_url(Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("history") / "history.db")))
    return url, _written(url)


@pytest.fixture(scope="module")
def postgresql_history(postgres: str, postgres_template: str) -> tuple[str, Names]:
    """Return the URL of a PostgreSQL history and the names of its rows."""
    apart(lambda: asyncio.run(administer(postgres, f"CREATE DATABASE history TEMPLATE {postgres_template}")))
    url = postgres.format(database="history")
    return url, _written(url)


def _written(url: str) -> Names:
    names: dict[str, str | int] = {}
    apart(lambda: names.update(asyncio.run(written(url))))
    return names


@pytest.fixture(params=["sqlite", "postgresql"])
async def history(request: pytest.FixtureRequest) -> AsyncIterator[History]:
    """Return the history on each database."""
    url, names = request.getfixturevalue(f"{request.param}_history")
    database = await open_database(url, HandClock(), migrate=False)
    yield History(database=database, names=names)
    await database.close()


async def test_what_our_own_operations_wrote_is_faultless(history: History) -> None:
    """Films completed, failed, canceled, retried, composed again and in the making: no fault, and all are counted."""
    audit = await audit_rows(history.database, [LIMIT])
    assert [finding.line() for finding in audit.findings] == []
    assert (audit.films, audit.transfers) == (5, 29)


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=[f"{row['breaks']} {row['what']}" for row in CORRUPTIONS])
async def test_each_planted_corruption_is_named(history: History, corruption: dict[str, Any]) -> None:
    """Whatever is done to the rows, the audit names the invariant and the row."""
    audit = await history.audit_after(corruption["harm"])
    expected = (corruption["breaks"], corruption["row"].format_map(history.names))
    assert expected in {(finding.invariant, finding.where) for finding in audit.findings}


async def test_every_fault_is_told_not_only_the_first(history: History) -> None:
    """Corruptions of different kinds are all in one audit, in the invariants' order."""
    audit = await history.audit_after(
        "UPDATE film SET status = 'lost' WHERE id IN (:living, :failed)", "UPDATE film SET idem_key = 'same'"
    )
    assert [finding.invariant for finding in audit.findings if finding.invariant != "I15"] == ["I10", "I14", "I14"]


@pytest.mark.parametrize(
    ("model", "simulated", "found"),
    [
        pytest.param(LIMIT.model, True, {"I19"}, id="its own"),
        pytest.param("another", True, set(), id="another model's"),
        pytest.param(LIMIT.model, False, set(), id="the real vendor's, for a simulated film"),
    ],
)
async def test_submits_are_held_against_their_own_limit(
    history: History, model: str, simulated: bool, found: set[str]
) -> None:
    """What one model takes says nothing of another's submits, nor a vendor's limit of its simulator's."""
    limit = replace(LIMIT, model=model, simulated=simulated, submits=1, window_ms=10**12)
    audit = await history.audit_after(limit=limit)
    assert {finding.invariant for finding in audit.findings} == found
