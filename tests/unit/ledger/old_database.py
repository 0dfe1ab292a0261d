"""Books as the first schema's program left them: a film of 3 s in the middle of its one segment."""

from sqlalchemy import MetaData, insert
from sqlalchemy.ext.asyncio import create_async_engine

from film.request import parse_request

_AT_MS = 1_780_000_000_000
_REQUEST = parse_request({"prompt": "A calm morning", "duration": 3, "language": "en"}).model_dump(mode="json")

_PASSED = ("queued", "scripting", "moderation", "anchoring", "generating")

_ROWS: list[tuple[str, list[dict[str, object]]]] = [
    ("account", [{"id": "local", "created_at_ms": _AT_MS}]),
    (
        "balance",
        [
            {"account": "local", "kind": "available", "amount_mc": 0, "version": 2},
            {"account": "local", "kind": "held", "amount_mc": 82_500, "version": 1},
        ],
    ),
    (
        "film",
        [
            {
                "id": "vid_old",
                "account": "local",
                "api_key": "local",
                "idem_key": "vid_old",
                "fingerprint": "f" * 64,
                "request": _REQUEST,
                "plan": [{"index": 0, "kept_s": 3, "rendered_s": 3}],
                "status": "generating",
                "progress": 5,
                "stage_times_ms": dict.fromkeys(_PASSED, _AT_MS),
                "awaiting_approval": False,
                "cost_estimate_mc": 82_500,
                "epoch": 1,
                "dispatch_n": 1,
                "compose_n": 0,
                "simulated": True,
                "created_at_ms": _AT_MS,
                "updated_at_ms": _AT_MS + 9,
            }
        ],
    ),
    (
        "transfer",
        [
            _move | {"amount_mc": 82_500, "film": "vid_old", "created_at_ms": _AT_MS, "to_account": "local"}
            for _move in (
                {
                    "kind": "grant",
                    "from_account": "house",
                    "from_kind": "issuance",
                    "to_kind": "available",
                    "idem_key": "g",
                },
                {
                    "kind": "hold",
                    "from_account": "local",
                    "from_kind": "available",
                    "to_kind": "held",
                    "segment": 0,
                    "idem_key": "hold:vid_old:0",
                },
            )
        ],
    ),
    (
        "entry",
        [
            {
                "transfer": transfer,
                "account": account,
                "kind": kind,
                "amount_mc": amount,
                "balance_after_mc": after,
                "version": version,
                "created_at_ms": _AT_MS,
            }
            for transfer, account, kind, amount, after, version in (
                (1, "house", "issuance", -82_500, -82_500, 1),
                (1, "local", "available", 82_500, 82_500, 1),
                (2, "local", "available", -82_500, 0, 2),
                (2, "local", "held", 82_500, 82_500, 1),
            )
        ],
    ),
    (
        "segment",
        [
            {
                "film": "vid_old",
                "index": 0,
                "kept_s": 3,
                "rendered_s": 3,
                "price_mc": 82_500,
                "hold": 2,
                "state": "generating",
            }
        ],
    ),
    (
        "attempt",
        [
            {
                "id": "att_old",
                "film": "vid_old",
                "purpose": "segment",
                "slot": 0,
                "vendor": "listenhub",
                "model": "happyhorse",
                "key_print": "k",
                "nonce": 7,
                "fingerprint": "f",
                "epoch": 1,
                "state": "submitted",
                "provider_job_id": "job-1",
                "t_intent_ms": _AT_MS + 9,
                "submitted_at_ms": _AT_MS + 10,
            }
        ],
    ),
    (
        "provider_entry",
        [
            {
                "vendor": "listenhub",
                "kind": "pending",
                "attempt": "att_old",
                "provider_job_id": "job-1",
                "created_at_ms": _AT_MS + 10,
            }
        ],
    ),
]


async def write_old_database(url: str) -> None:
    """Write them into a database of the first schema, by that schema's own tables."""
    engine = create_async_engine(url)
    old = MetaData()
    async with engine.begin() as connection:
        await connection.run_sync(old.reflect)
        house = old.tables["balance"]
        await connection.execute(
            house.update()
            .where(house.c.account == "house", house.c.kind == "issuance")
            .values(amount_mc=-82_500, version=1)
        )
        for name, rows in _ROWS:
            columns = set(old.tables[name].c.keys())
            for row in rows:
                await connection.execute(
                    insert(old.tables[name]).values({column: row[column] for column in columns & row.keys()})
                )
    await engine.dispose()
