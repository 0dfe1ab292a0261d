"""What Prefect shows of one film: progress, storyboard, credits, its link, and an event a status.

It follows the rows and is in nobody's way: whatever Prefect's server does, the film goes on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey

from film.errors import LongVideoError
from film.ids import FilmId
from ledger.database.engine import Database
from ledger.database.records import Deliverables, Film, Segment
from ledger.films import queries
from runtime.background import end_task, repeat
from runtime.task_set import TaskSet
from store.links import LIFE_S, Links
from tasks.prefect.client import open_client
from tasks.prefect.events import StatusEvents
from tasks.prefect.markdown import credit_statement, storyboard_markdown
from tasks.prefect.thumbnails import thumbnail_url

#: A film's artifacts are written at most this often; a film of 23 clips that all arrive at once isn't 23 storyboards.
_PAUSE_S: Final = 1.0
#: What the film's end may wait for its last word.
_LAST_WORD_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """One artifact: what it is of, its kind, and what it says."""

    name: str
    kind: str
    data: str | float
    description: str


@dataclass(kw_only=True, eq=False)
class PrefectShowsOld(LongVideoError):
    """Prefect shows something older than the last word."""

    film_id: FilmId

    def __str__(self) -> str:
        return f"Prefect still shows an older state of {self.film_id}"


class _Finished(Exception):
    """Everything there is to show was shown."""


class ArtifactReporter:
    """Follows one film's rows for one flow run.

    One task sends everything, one thing after the other: a request that was given up may still arrive, and nothing
    older may arrive after the last word. The last word is owed: where Prefect is slow or away when the film ends, it
    is told later, for as long as the process lives.
    """

    def __init__(self, database: Database, links: Links, owed: TaskSet, film_id: FilmId, flow_run_id: UUID) -> None:
        """Begin a report.

        Args:
            database: The ledger.
            links: Mints the finished film's link.
            owed: Goes on with what could not be told in time.
            film_id: The film.
            flow_run_id: The flow run that makes it.
        """
        self._database = database
        self._links = links
        self._owed = owed
        self._film_id = film_id
        self._flow_run_id = flow_run_id
        self._events = StatusEvents()
        self._moved = asyncio.Event()
        self._ended = asyncio.Event()
        self._pictures: dict[int, str] = {}
        self._artifacts: dict[str, UUID] = {}
        self._last: dict[str, _Shown] = {}
        self._tagged = False
        #: A request failed: whether it arrived isn't known.
        self._doubtful = False

    def notify(self) -> None:
        """Note that the film's rows have changed."""
        self._moved.set()

    async def set_thumbnail(self, index: int, file: Path) -> None:
        """Show a segment's picture from now on."""
        self._pictures[index] = await asyncio.to_thread(thumbnail_url, file)
        self._moved.set()

    @asynccontextmanager
    async def reporting(self, *, since_ms: int) -> AsyncIterator[None]:
        """Report for the length of the block, and once more at its end unless it was cancelled.

        Args:
            since_ms: Statuses entered earlier were told by an earlier run.
        """
        self._events.since_ms = since_ms
        sending = self._owed.start(self._send())
        try:
            yield
        except asyncio.CancelledError:
            await end_task(sending)
            raise
        finally:  # however the film ended
            self._ended.set()
            self._moved.set()
            await asyncio.wait({sending}, timeout=_LAST_WORD_S)

    async def _send(self) -> None:
        with suppress(_Finished):
            await repeat(self._round, name=f"showing {self._film_id}", every_s=_PAUSE_S, fatal=(_Finished,))

    async def _round(self) -> None:
        await self._moved.wait()
        self._moved.clear()
        last, told = self._ended.is_set(), False
        try:
            film = await queries.get_film(self._database, self._film_id)
            await self._tell(film, await queries.get_segments(self._database, self._film_id))
            if last and self._doubtful:
                await self._settle_doubt()
            told = True
        finally:
            if not told:
                self._doubtful = True
                self._moved.set()
        if last:
            raise _Finished

    async def _tell(self, film: Film, segments: list[Segment]) -> None:
        self._events.emit(film, segments)
        # A client of its own: that of the flow run's context is closed when the run ends.
        async with open_client() as client:
            if not self._tagged:
                await _tag(client, self._flow_run_id, film.id)
                self._tagged = True
            for shown in await self._shown(film, segments):
                await self._publish(client, shown)

    async def _settle_doubt(self) -> None:
        """Read back what Prefect shows; what differs is told again.

        Raises:
            PrefectShowsOld: A request that was given up arrived after the last word.
        """
        async with open_client() as client:
            there = await client.read_artifacts(
                artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[self._flow_run_id]))
            )
        shown = {artifact.id: artifact.data for artifact in there}
        wrong = [name for name, last in self._last.items() if shown.get(self._artifacts[name]) != last.data]
        for name in wrong:
            del self._last[name]
        if wrong:
            raise PrefectShowsOld(film_id=self._film_id)
        self._doubtful = False

    async def _shown(self, film: Film, segments: list[Segment]) -> list[_Shown]:
        board = storyboard_markdown(film, segments, self._pictures)
        found = [
            _Shown(name="progress", kind="progress", data=float(film.progress), description=f"{film.id} {film.status}"),
            _Shown(name="storyboard", kind="markdown", data=board, description="Shots, pictures and states"),
            _Shown(name="credits", kind="markdown", data=credit_statement(film, segments), description="Credits"),
        ]
        if film.result is not None:
            found.append(
                _Shown(name="film", kind="markdown", data=await self._link(film.result), description="The film")
            )
        return found

    async def _link(self, result: Deliverables) -> str:
        """Return the film's link and where it lies: a browser doesn't open a file from a page of the web."""
        days = LIFE_S // 86_400
        link = f"[{Path(result.film).name}]({await self._links.link(result.film)})"
        stored = self._links.objects.url_of(result.film)
        return f"{link}, good for {days} days; `longvideo show {self._film_id}` tells more.\n\nStored as `{stored}`\n"

    async def _publish(self, client: PrefectClient, shown: _Shown) -> None:
        if self._last.get(shown.name) == shown:
            return
        key = f"{self._film_id}-{shown.name}".replace("_", "-").lower()
        known = self._artifacts.get(shown.name) or await self._created_in_doubt(client, key)
        if known is None:
            created = await client.create_artifact(
                ArtifactCreate(
                    key=key,
                    type=shown.kind,
                    data=shown.data,
                    description=shown.description,
                    flow_run_id=self._flow_run_id,
                )
            )
            self._artifacts[shown.name] = created.id
        else:
            self._artifacts[shown.name] = known
            await client.update_artifact(known, ArtifactUpdate(data=shown.data, description=shown.description))
        self._last[shown.name] = shown

    async def _created_in_doubt(self, client: PrefectClient, key: str) -> UUID | None:
        """Return this run's artifact of a key if a request that seemed to fail has made it after all."""
        if not self._doubtful:
            return None
        there = await client.read_artifacts(
            artifact_filter=ArtifactFilter(
                flow_run_id=ArtifactFilterFlowRunId(any_=[self._flow_run_id]), key=ArtifactFilterKey(any_=[key])
            )
        )
        return there[0].id if there else None


async def _tag(client: PrefectClient, flow_run_id: UUID, film_id: FilmId) -> None:
    """Tag the run with its film: people filter by it, and who closes dead runs finds them by it."""
    run = await client.read_flow_run(flow_run_id)
    if film_id not in run.tags:
        await client.update_flow_run(flow_run_id, tags=[*run.tags, film_id])
