"""A service behind the API, for tests: ledger, a store on disk, keys, and a maker that makes films without vendors."""

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from api.app import build_app
from api.deps import Deps
from film.credits import milli_credits
from film.ids import AccountId, FilmId
from film.job_specs import Purpose, SoundSpec
from film.status import ErrorCode, Status
from ledger.credits.accounts import create_account, grant_once
from ledger.database.engine import Database
from ledger.database.records import Deliverables, FilmError
from ledger.films import stages
from ledger.films.queries import get_segments
from ledger.films.settlement import complete_film, fail_film
from ledger.leases import Lease, take_lease
from ledger.operations.api_keys import IssuedKey, create_key
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt, StoredFile
from ledger.purchases.attempts import Purchase
from ledger.purchases.rate_limit import RateLimit
from store.objects import Objects
from tests.databases import HandClock

PEPPER = b"pepper of the tests"
BASE = "http://films.test"
ORDER = {"prompt": "A calm morning by the sea", "duration": 17, "language": "en"}
NO_RATE_LIMIT = RateLimit(
    vendor="listenhub", model="happyhorse", key_print="k", submits=10**6, window_ms=1, guard_ms=0, retry_delay_ms=1
)


@dataclass(kw_only=True)
class ServiceUnderTest:
    """Everything a test touches."""

    database: Database
    clock: HandClock
    objects: Objects
    deps: Deps
    folder: Path
    nonce: int = 0
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def with_deps(self, **changed: Any) -> "ServiceUnderTest":
        """Return the same service with other dependencies."""
        return replace(self, deps=replace(self.deps, **changed), clients=self.clients)

    async def key(self, account: str = "acme", *, credits_: str = "100000") -> IssuedKey:
        """Return a fresh key of an account, which is opened and filled if it isn't there."""
        name = await create_account(self.database, account)
        if milli_credits(credits_):
            await grant_once(self.database, AccountId(account), milli_credits(credits_), reason="")
        return await create_key(self.database, name, pepper=PEPPER)

    def client(self, secret: str | None = None) -> httpx.AsyncClient:
        """Return a client of the app; what the app itself fails at is an answer, as over a socket."""
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        transport = httpx.ASGITransport(build_app(self.deps), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, trust_env=False)
        self.clients.append(client)
        return client

    async def walk(self, lease: Lease, *, to: Status) -> None:
        """Lead a film from stage to stage."""
        for stage in list(Status)[1 : list(Status).index(to) + 1]:
            self.clock.time += 1
            await stages.enter_stage(self.database, lease, stage)

    async def take_lease(self, film_id: str) -> Lease:
        """Become a film's maker."""
        return await take_lease(self.database, FilmId(film_id), owner="maker", lease_s=60)

    async def store_bytes(self, key: str, content: bytes) -> str:
        """Put bytes into the store."""
        file = self.folder / "draft"
        file.write_bytes(content)
        await self.objects.put(key, file)
        return key

    async def make_ready(self, lease: Lease, slot: int, *, cover: bool = False) -> None:
        """Make one segment ready."""
        self.nonce += 1
        purchase = Purchase(purpose=Purpose.SEGMENT, slot=slot, job_spec=SoundSpec(text="x"), fingerprint=f"s{slot}")
        attempt = await attempts.create_intent(self.database, lease, purchase, NO_RATE_LIMIT, nonce=self.nonce)
        assert isinstance(attempt, Attempt)
        adopted = await attempts.attach_job(self.database, lease, attempt, listed=[f"job-{self.nonce}"])
        assert adopted is not None
        key = await self.store_bytes(f"clips/{attempt.id}.mp4", b"clip")
        sha256 = attempt.id[4:].ljust(64, "0")
        file = StoredFile(object_key=key, sha256=sha256, size_bytes=4)
        await attempts.mark_ready(self.database, lease, adopted, file, charged=Decimal(12), refunded=Decimal(0))
        if cover:
            key = await self.store_bytes(f"films/{lease.film_id}/covers/{slot:02d}.jpg", b"cover")
            await stages.save_part(self.database, lease, slot, cover_key=key, seam_similarity=None)

    async def result(self, film_id: str, n: int = 0) -> Deliverables:
        """Store a film's deliverables."""
        content = {
            "film": (f"films/{film_id}/{n}/film.mp4", b"0123456789" * 100),
            "poster": (f"films/{film_id}/{n}/poster.jpg", b"jpg"),
            "sheet": (f"films/{film_id}/{n}/sheet.jpg", b"sheet"),
            "storyboard": (f"films/{film_id}/{n}/storyboard.json", b"{}"),
            "srt": (f"films/{film_id}/{n}/film.srt", b"1"),
            "vtt": (f"films/{film_id}/{n}/film.vtt", b"WEBVTT"),
        }
        keys = {name: await self.store_bytes(key, data) for name, (key, data) in content.items()}
        return Deliverables(**keys, size_bytes=1000, sha256="0" * 64)

    async def complete(self, film_id: str, *, n: int = 0, cover: bool = False) -> None:
        """Make a film to its end."""
        lease = await self.take_lease(film_id)
        await self.walk(lease, to=Status.GENERATING)
        for segment in await get_segments(self.database, FilmId(film_id)):
            if segment.state == "pending":
                await self.make_ready(lease, segment.index, cover=cover)
        await self.walk(lease, to=Status.DELIVERING)
        await complete_film(self.database, lease, await self.result(film_id, n))

    async def fail(self, film_id: str, *, ready: int = 1, code: ErrorCode = ErrorCode.SEGMENT_FAILED) -> None:
        """Fail a film after some segments are ready; the next one is to blame."""
        lease = await self.take_lease(film_id)
        await self.walk(lease, to=Status.GENERATING)
        for slot in range(ready):
            await self.make_ready(lease, slot)
        error = FilmError(code=code, message="the vendor said no", stage=Status.GENERATING, segment=ready)
        await fail_film(self.database, lease, error)

    async def close(self) -> None:
        """Close the clients."""
        await asyncio.gather(*(client.aclose() for client in self.clients))
