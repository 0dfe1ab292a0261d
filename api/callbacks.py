"""vibegen's callbacks, at addresses only vibegen was told: each leaves a hint row and decides nothing."""

from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from api.deps import HasDeps
from film.profiles import Vendor
from ledger.purchases.callbacks import record_callback

router: Final = APIRouter(tags=["service"])

#: A nonce has 31 bits.
_NONCE_DIGITS_MAX: Final = 10


@router.post("/callbacks/vibegen/{attempt}/{mac}", status_code=204, include_in_schema=False)
async def called_back(deps: HasDeps, attempt: str, mac: str) -> None:
    """Note that a job may have ended; what the body says is not believed, and so not read."""
    known = attempt.isascii() and attempt.isdigit() and len(attempt) <= _NONCE_DIGITS_MAX
    if deps.callbacks is None or not known or not deps.callbacks.accepts(int(attempt), mac):
        raise HTTPException(404)
    if not await record_callback(deps.database, Vendor.VIBEGEN, int(attempt)):
        raise HTTPException(404)
