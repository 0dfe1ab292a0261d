"""A ledger of completed films for the audit's benchmark: rows as the operations leave them, written in bulk."""

import json
from collections import defaultdict
from typing import Any, Final

from sqlalchemy import Table, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.request import FilmRequest
from film.status import SegmentState, Status
from ledger.credits.transfers import PLATFORM, BalanceKind, TransferKind
from ledger.database import schema
from ledger.purchases.attempt import AttemptState
from ledger.purchases.vendor_spend import SpendKind

_ACCOUNT: Final = "bench"
_BEGAN_MS: Final = 1_790_000_000_000
#: Between two submits: the rate limit allows five a minute.
_PACE_MS: Final = 13_000
_CHARGED_MICRO: Final = 12_500_000
_WALK: Final = tuple(Status)[: tuple(Status).index(Status.COMPLETED) + 1]
_TABLES: Final = (
    schema.transfer,
    schema.film,
    schema.entry,
    schema.segment,
    schema.attempt,
    schema.provider_entry,
    schema.outbox,
)
_Side = tuple[str, BalanceKind]


class Bookkeeper:
    """Writes films one after the other and carries the balances on."""

    def __init__(self, request: FilmRequest) -> None:
        self._request = request
        self._stored = {"request": json.loads(request.model_dump_json()), "plan": []}
        self._rows: dict[Table, list[dict[str, Any]]] = {table: [] for table in _TABLES}
        self._balances: defaultdict[_Side, tuple[int, int]] = defaultdict(lambda: (0, 0))
        self._transfers = 0
        self._now_ms = _BEGAN_MS
        self.entries = 0

    def add_film(self, number: int) -> None:
        """Write one film with all it bought, from its grant to its webhook."""
        film, prices = f"vid_{number:024x}", self._request.prices()
        began_ms = self._now_ms
        self._move(TransferKind.GRANT, film, None, sum(prices), f"grant:film:{film}")
        holds = [self._move(TransferKind.HOLD, film, index, price) for index, price in enumerate(prices)]
        for index, (hold, price) in enumerate(zip(holds, prices, strict=True)):
            self._now_ms += _PACE_MS
            self._move(TransferKind.POST, film, index, price, pending_id=hold)
            self._add_segment(film, index, price, hold)
        times_ms = dict.fromkeys(_WALK, began_ms) | {_WALK[-1]: self._now_ms}
        cost_mc = sum(prices)
        self._rows[schema.film].append(
            {
                **self._stored,
                "id": film,
                "account": _ACCOUNT,
                "api_key": "key",
                "idem_key": film,
                "fingerprint": "f",
                "status": Status.COMPLETED,
                "progress": 100,
                "stage_times_ms": times_ms,
                "awaiting_approval": False,
                "cost_estimate_mc": cost_mc,
                "cost_actual_mc": cost_mc,
                "epoch": 2,
                "dispatch_n": 0,
                "compose_n": 0,
                "simulated": True,
                "created_at_ms": began_ms,
                "updated_at_ms": self._now_ms,
                "completed_at_ms": self._now_ms,
            }
        )
        self._rows[schema.outbox].append(
            {
                "id": f"evt_{film}",
                "film": film,
                "compose_n": 0,
                "event": "film.completed",
                "url": "u",
                "state": "sent",
                "tries": 1,
                "next_at_ms": self._now_ms,
                "created_at_ms": self._now_ms,
            }
        )

    async def flush(self, conn: AsyncConnection) -> None:
        """Write what was added since the last call."""
        for table, values in self._rows.items():
            await conn.execute(insert(table), values)
            values.clear()

    async def close(self, conn: AsyncConnection) -> None:
        """Write the balances."""
        for (account, kind), (amount_mc, version) in self._balances.items():
            values = {"amount_mc": amount_mc, "version": version}
            if account == PLATFORM:
                table = schema.balance
                await conn.execute(
                    update(table).where(table.c.kind == kind, table.c.account == PLATFORM).values(values)
                )
            else:
                await conn.execute(insert(schema.balance).values(account=account, kind=kind, **values))

    def _move(
        self,
        kind: TransferKind,
        film: str,
        segment: int | None,
        amount_mc: int,
        idem_key: str = "",
        pending_id: int | None = None,
    ) -> int:
        source, target = _WAYS[kind]
        self._transfers += 1
        self._rows[schema.transfer].append(
            {
                "id": self._transfers,
                "kind": kind,
                "from_account": source[0],
                "from_kind": source[1],
                "to_account": target[0],
                "to_kind": target[1],
                "amount_mc": amount_mc,
                "pending_id": pending_id,
                "film": film,
                "segment": segment,
                "idem_key": idem_key or f"{kind}:{film}:{segment}",
                "created_at_ms": self._now_ms,
            }
        )
        for (account, side), signed_mc in ((source, -amount_mc), (target, amount_mc)):
            before_mc, version = self._balances[account, side]
            self._balances[account, side] = (before_mc + signed_mc, version + 1)
            self.entries += 1
            self._rows[schema.entry].append(
                {
                    "transfer": self._transfers,
                    "account": account,
                    "kind": side,
                    "amount_mc": signed_mc,
                    "balance_after_mc": before_mc + signed_mc,
                    "version": version + 1,
                }
            )
        return self._transfers

    def _add_segment(self, film: str, index: int, price_mc: int, hold: int) -> None:
        attempt, job = f"att_{film}_{index}", f"job_{film}_{index}"
        file = {"object_key": f"clips/{attempt}.mp4", "sha256": "0" * 64, "size_bytes": 9}
        self._rows[schema.segment].append(
            {
                "film": film,
                "index": index,
                "kept_s": 6,
                "rendered_s": 6,
                "price_mc": price_mc,
                "hold": hold,
                "state": SegmentState.READY,
                "ready_attempt": attempt,
                **file,
            }
        )
        self._rows[schema.attempt].append(
            {
                "id": attempt,
                "film": film,
                "purpose": "segment",
                "slot": index,
                "vendor": "listenhub",
                "model": "happyhorse",
                "key_print": "k",
                "nonce": hold,
                "fingerprint": "f",
                "epoch": 1,
                "state": AttemptState.READY,
                "provider_job_id": job,
                "t_intent_ms": self._now_ms,
                **file,
                "charged_micro": _CHARGED_MICRO,
                "refunded_micro": 0,
            }
        )
        for kind, amount_micro in ((SpendKind.PENDING, None), (SpendKind.POSTED, _CHARGED_MICRO)):
            self._rows[schema.provider_entry].append(
                {
                    "vendor": "listenhub",
                    "kind": kind,
                    "amount_micro": amount_micro,
                    "attempt": attempt,
                    "provider_job_id": job,
                    "created_at_ms": self._now_ms,
                }
            )


_WAYS: Final[dict[TransferKind, tuple[_Side, _Side]]] = {
    TransferKind.GRANT: ((PLATFORM, BalanceKind.ISSUANCE), (_ACCOUNT, BalanceKind.AVAILABLE)),
    TransferKind.HOLD: ((_ACCOUNT, BalanceKind.AVAILABLE), (_ACCOUNT, BalanceKind.HELD)),
    TransferKind.POST: ((_ACCOUNT, BalanceKind.HELD), (PLATFORM, BalanceKind.REVENUE)),
}
