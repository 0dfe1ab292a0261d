"""A house behind the API, for tests: books, a store on disk, keys, and a maker that makes films without vendors."""

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from api.app import build_app
from api.parts import Parts
from film.credits import milli_credits
from film.ids import AccountId, FilmId
from film.orders import Purpose, VoiceOrder
from film.status import ErrorCode, Status
from ledger import attempts, stages
from ledger.accounts import create_account, grant_once
from ledger.attempt import Attempt, StoredFile
from ledger.attempts import Purchase
from ledger.database import Books
from ledger.ending import complete_film, fail_film
from ledger.films import segments
from ledger.gate import GateRule
from ledger.keys import FreshKey, create_key
from ledger.leases import Lease, take_lease
from ledger.rows import Deliverables, Fault
from store.objects import Objects
from tests.databases import HandClock

PEPPER = b"pepper of the tests"
BASE = "http://films.test"
ORDER = {"prompt": "A calm morning by the sea", "duration": 17, "language": "en"}
OPEN_GATE = GateRule(
    vendor="listenhub", model="happyhorse", key_print="k", submits=10**6, window_ms=1, guard_ms=0, patience_ms=1
)


@dataclass(kw_only=True)
class House:
    """Everything a test touches."""

    books: Books
    clock: HandClock
    objects: Objects
    parts: Parts
    folder: Path
    nonce: int = 0
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def served(self, **changed: Any) -> "House":
        """Return the same house with other parts."""
        return replace(self, parts=replace(self.parts, **changed), clients=self.clients)

    async def key(self, account: str = "acme", *, credits_: str = "100000") -> FreshKey:
        """Return a fresh key of an account, which is opened and filled if it isn't there."""
        name = await create_account(self.books, account)
        if milli_credits(credits_):
            await grant_once(self.books, AccountId(account), milli_credits(credits_), reason="")
        return await create_key(self.books, name, pepper=PEPPER)

    def client(self, secret: str | None = None) -> httpx.AsyncClient:
        """Return a client of the app; what the app itself fails at is an answer, as over a socket."""
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        transport = httpx.ASGITransport(build_app(self.parts), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, trust_env=False)
        self.clients.append(client)
        return client

    async def walk(self, lease: Lease, *, to: Status) -> None:
        """Lead a film from stage to stage."""
        for stage in list(Status)[1 : list(Status).index(to) + 1]:
            self.clock.time += 1
            await stages.enter_stage(self.books, lease, stage)

    async def leased(self, film_id: str) -> Lease:
        """Become a film's maker."""
        return await take_lease(self.books, FilmId(film_id), holder="maker", lease_s=60)

    async def stored(self, key: str, content: bytes) -> str:
        """Put bytes into the store."""
        file = self.folder / "draft"
        file.write_bytes(content)
        await self.objects.put(key, file)
        return key

    async def ready(self, lease: Lease, slot: int, *, cover: bool = False) -> None:
        """Make one segment ready."""
        self.nonce += 1
        purchase = Purchase(purpose=Purpose.SEGMENT, slot=slot, order=VoiceOrder(text="x"), fingerprint=f"s{slot}")
        attempt = await attempts.intend(self.books, lease, purchase, OPEN_GATE, nonce=self.nonce)
        assert isinstance(attempt, Attempt)
        adopted = await attempts.adopted(self.books, lease, attempt, listed=[f"job-{self.nonce}"])
        assert adopted is not None
        key = await self.stored(f"clips/{attempt.id}.mp4", b"clip")
        sha256 = attempt.id[4:].ljust(64, "0")
        file = StoredFile(object_key=key, sha256=sha256, size_bytes=4)
        await attempts.ready(self.books, lease, adopted, file, charged=Decimal(12), refunded=Decimal(0))
        if cover:
            key = await self.stored(f"films/{lease.film_id}/covers/{slot:02d}.jpg", b"cover")
            await stages.save_part(self.books, lease, slot, cover_key=key, seam_similarity=None)

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
        keys = {name: await self.stored(key, data) for name, (key, data) in content.items()}
        return Deliverables(**keys, size_bytes=1000, sha256="0" * 64)

    async def complete(self, film_id: str, *, n: int = 0, cover: bool = False) -> None:
        """Make a film to its end."""
        lease = await self.leased(film_id)
        await self.walk(lease, to=Status.GENERATING)
        for segment in await segments(self.books, FilmId(film_id)):
            if segment.state == "pending":
                await self.ready(lease, segment.index, cover=cover)
        await self.walk(lease, to=Status.DELIVERING)
        await complete_film(self.books, lease, await self.result(film_id, n))

    async def fail(self, film_id: str, *, ready: int = 1, code: ErrorCode = ErrorCode.SEGMENT_FAILED) -> None:
        """Fail a film after some segments are ready; the next one is to blame."""
        lease = await self.leased(film_id)
        await self.walk(lease, to=Status.GENERATING)
        for slot in range(ready):
            await self.ready(lease, slot)
        fault = Fault(code=code, message="the vendor said no", stage=Status.GENERATING, segment=ready)
        await fail_film(self.books, lease, fault)

    async def close(self) -> None:
        """Close the clients."""
        await asyncio.gather(*(client.aclose() for client in self.clients))
