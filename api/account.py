"""Credits and the statement of the account that a key belongs to."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.auth import HasCaller
from api.deps import HasDeps
from api.openapi import errors
from api.video import Credits, UnixSeconds
from film.credits import credits_number
from ledger.credits.statement import statement
from ledger.credits.transfers import TransferKind, balance_of

router: Final = APIRouter(prefix="/v1/credits", tags=["account"])
_ID_MAX: Final = 2**63 - 1


class CreditBalance(BaseModel):
    """What an account has: balance = reserved + available."""

    balance: Credits
    reserved: Credits = Field(description="Held for films that are being made.")
    available: Credits = Field(description="What can be ordered for.")


class CreditEntry(BaseModel):
    """One line of the statement."""

    id: int
    kind: TransferKind
    part: Literal["available", "reserved"] = Field(description="Which of the two this entry changed.")
    amount: Credits = Field(description="Signed.")
    balance_after: Credits
    task_id: str | None
    segment: int | None
    created_at: UnixSeconds


class CreditEntries(BaseModel):
    """A page of the statement."""

    object: Literal["list"]
    data: list[CreditEntry]
    first_id: int | None
    last_id: int | None = Field(description="What the next page's `after` takes.")
    has_more: bool


@router.get("", responses=errors())
async def get_credits(deps: HasDeps, caller: HasCaller) -> CreditBalance:
    """Return what the account has."""
    found = await balance_of(deps.database, caller.account)
    return CreditBalance(
        balance=credits_number(found.available_mc + found.reserved_mc),
        reserved=credits_number(found.reserved_mc),
        available=credits_number(found.available_mc),
    )


@router.get("/entries", responses=errors())
async def list_entries(
    deps: HasDeps,
    caller: HasCaller,
    limit: Annotated[int, Query(ge=1, le=100, description="The most entries of a page.")] = 20,
    after: Annotated[int | None, Query(ge=0, le=_ID_MAX, description="`last_id` of the page before.")] = None,
) -> CreditEntries:
    """Return the account's statement, newest first: what was held, charged and given back, and for which film."""
    found, has_more = await statement(deps.database, caller.account, limit=limit, after=after)
    data = [
        CreditEntry(
            id=entry.id,
            kind=entry.kind,
            part="reserved" if entry.balance == "held" else "available",
            amount=credits_number(entry.amount_mc),
            balance_after=credits_number(entry.balance_after_mc),
            task_id=entry.film,
            segment=entry.segment,
            created_at=entry.created_at_ms // 1000,
        )
        for entry in found
    ]
    first, last = (data[0].id, data[-1].id) if data else (None, None)
    return CreditEntries(object="list", data=data, first_id=first, last_id=last, has_more=has_more)
