"""One check of the audit: a SELECT whose rows are the faults, and the words that name them.

A check is one statement, so it sees one moment of the ledger on both databases, whoever writes meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from film.status import TERMINAL
from ledger.database import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault: the invariant that doesn't hold (I1 to I19), the row that breaks it, and how."""

    invariant: str
    where: str
    detail: str

    def line(self) -> str:
        """Return it as a line of text."""
        return f"{self.invariant} {self.where}: {self.detail}"

    def as_json(self) -> dict[str, str]:
        """Return it as scripts get it."""
        return {"invariant": self.invariant, "where": self.where, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`broken` selects the rows that break `invariant`; `where` and `detail` are filled with its columns."""

    invariant: str
    broken: Select[Any]
    where: str
    detail: str


async def findings_of(conn: AsyncConnection, checks: Iterable[Check]) -> list[Finding]:
    """Return every fault the checks find, in the checks' order."""
    return [
        Finding(invariant=check.invariant, where=check.where.format_map(row), detail=check.detail.format_map(row))
        for check in checks
        for row in (await conn.execute(check.broken)).mappings()
    ]


def has_ended() -> ColumnElement[bool]:
    """Return the condition that a film has ended once: it still stands so, or is composed again since."""
    return or_(schema.film.c.status.in_(sorted(TERMINAL)), schema.film.c.compose_n > 0)
