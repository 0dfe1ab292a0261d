"""Films watched live: one look at the rows for all listeners of a process, and the events that two looks amount to."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from film.clock import Clock
from film.errors import FilmNotFound
from film.ids import FilmId
from film.status import Status, progress_of
from ledger.database.engine import Database
from ledger.films.snapshots import FilmSnapshot, film_snapshots
from runtime.background import end_task, repeat

_LOOK_S: Final = 0.5
#: The longest wait for another look after looks that failed: streams go on soon after an outage.
_BACKOFF_MAX_S: Final = 5.0
#: Without a change for so long a listener gets a sign of life, whatever the database does.
_QUIET_S: Final = 15.0
_ORDER: Final = tuple(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventId:
    """How far a film has come: an event's id, in order. Composing again begins a new round."""

    round: int
    status: Status
    progress: int

    @classmethod
    def parse(cls, text: str) -> "EventId | None":
        """Return the place an event's id names, None if it names none."""
        parts = text.split(".")
        numbers = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 9]
        if len(parts) != 3 or len(numbers) != 3 or numbers[1] >= len(_ORDER):
            return None
        return cls(round=numbers[0], status=_ORDER[numbers[1]], progress=numbers[2])

    def __str__(self) -> str:
        return f"{self.round}.{_ORDER.index(self.status)}.{self.progress}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmEvent:
    """One event: a film reached a status, or came further in it."""

    id: EventId
    snapshot: FilmSnapshot


def events_since(snapshot: FilmSnapshot, since: EventId | None) -> Sequence[FilmEvent]:
    """Return what happened to a film after `since`, the last of it being how it stands now.

    Statuses that were passed between two looks are told from the times the row keeps of them.
    """
    now = EventId(round=snapshot.compose_n, status=snapshot.status, progress=snapshot.progress)
    if since == now:
        return []
    passed = [] if since is None else _passed(snapshot, since)
    progress = 0 if since is None else since.progress
    told = []
    for status in passed:
        progress = max(progress, min(snapshot.progress, progress_of(status, shots_done=0, shots_total=1)))
        told.append(
            FilmEvent(id=EventId(round=snapshot.compose_n, status=status, progress=progress), snapshot=snapshot)
        )
    return [*told, FilmEvent(id=now, snapshot=snapshot)]


def _passed(snapshot: FilmSnapshot, since: EventId) -> Sequence[Status]:
    """Return the statuses between the one that was told last and the present one."""
    start = _ORDER.index(since.status) + 1 if since.round == snapshot.compose_n else _ORDER.index(Status.COMPOSING)
    return [
        status
        for status in _ORDER[start:]
        if status.value in snapshot.stage_times_ms
        and not status.terminal
        and status is not snapshot.status
        and snapshot.stage_times_ms[status.value]
        <= snapshot.stage_times_ms.get(snapshot.status.value, snapshot.updated_at_ms)
    ]


class FilmFeed:
    """Everybody who watches in this process. `stop()` ends all streams, so that a server can stop in order."""

    def __init__(self, database: Database, clock: Clock, *, quiet_s: float = _QUIET_S) -> None:
        self._database = database
        self._clock = clock
        self._quiet_s = quiet_s
        self._listeners: dict[FilmId, int] = {}
        self._streams: Counter[str] = Counter()
        self._looks: Mapping[FilmId, FilmSnapshot] = {}
        self._turn = asyncio.Condition()
        self._looking: asyncio.Task[None] | None = None
        self._stopped = False

    def count_streams(self, key_id: str) -> int:
        """Return how many streams a key has open here."""
        return self._streams[key_id]

    @contextmanager
    def counting_stream(self, key_id: str) -> Iterator[None]:
        """Count a key's stream for the length of the block."""
        self._streams[key_id] += 1
        try:
            yield
        finally:
            self._streams[key_id] -= 1
            if not self._streams[key_id]:
                del self._streams[key_id]

    async def look(self, film_id: FilmId) -> FilmSnapshot:
        """Return where a film stands: what a new listener begins with.

        Raises:
            DatabaseUnavailable: The database can't be asked now.
            FilmNotFound: The film isn't there any more.
        """
        found = (await film_snapshots(self._database, [film_id])).get(film_id)
        if found is None:
            raise FilmNotFound(film_id=film_id)
        return found

    async def follow(
        self, film_id: FilmId, first: FilmSnapshot, since: EventId | None
    ) -> AsyncIterator[FilmEvent | None]:
        """Yield what happens to a film after `since` until it has ended; None when nothing did for a while.

        A database that is away ends no stream: nothing happens until it is back.
        """
        self._listeners[film_id] = self._listeners.get(film_id, 0) + 1
        if self._looking is None:
            looking = repeat(
                self._look, name="live view", every_s=_LOOK_S, backoff_max_s=_BACKOFF_MAX_S, sleep=self._clock.sleep
            )
            self._looking = asyncio.create_task(looking)
        snapshot = first
        try:
            while not self._stopped:
                for event in events_since(snapshot, since):
                    since = event.id
                    yield event
                if snapshot.status.terminal:
                    return
                try:
                    async with asyncio.timeout(self._quiet_s):
                        snapshot = await self._next_look(film_id, snapshot)
                except TimeoutError:
                    yield None
        finally:
            self._leave(film_id)

    async def _next_look(self, film_id: FilmId, last: FilmSnapshot) -> FilmSnapshot:
        """Wait until a film is seen to have changed, or all streams end."""
        snapshot = last
        while snapshot == last and not self._stopped:
            async with self._turn:
                await self._turn.wait()
            snapshot = self._looks.get(film_id, last)
        return snapshot

    async def stop(self) -> None:
        """End all streams."""
        self._stopped = True
        async with self._turn:
            self._turn.notify_all()
        if self._looking is not None:
            await end_task(self._looking)

    def _leave(self, film_id: FilmId) -> None:
        self._listeners[film_id] -= 1
        if self._listeners[film_id] == 0:
            del self._listeners[film_id]
        if not self._listeners and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        self._looks = await film_snapshots(self._database, list(self._listeners))
        async with self._turn:
            self._turn.notify_all()
