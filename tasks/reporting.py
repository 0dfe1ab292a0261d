"""What Prefect shows of one film: progress, storyboard, credits, its link, and an event a status.

It follows the rows and is in nobody's way: whatever Prefect's server does, the film goes on.
"""

import asyncio
import base64
import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from PIL import Image
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.events import emit_event

from film.credits import credits_number
from film.errors import StoreUnusable
from film.ids import FilmId
from film.status import SegmentState
from ledger import films
from ledger.database import Books
from ledger.rows import Deliverables, Film, Segment
from store.links import LIFE_S, Links
from tasks.prefect_runs import PREFECT_TROUBLE
from tasks.statement import credit_statement, storyboard_markdown

_LOG: Final = logging.getLogger(__name__)
#: A film's artifacts are written at most this often; a film of 23 clips that all arrive at once isn't 23 storyboards.
_PAUSE_S: Final = 1.0
#: What the film's end may wait for its last word.
_LAST_WORD_S: Final = 5.0
_PICTURE_SIZE: Final = (144, 144)
_PICTURE_QUALITY: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """One artifact: what it is of, its kind, and what it says."""

    name: str
    kind: str
    data: str | float
    description: str


class Report:
    """Follows one film's rows for one flow run."""

    def __init__(self, books: Books, links: Links, film_id: FilmId, *, flow_run_id: UUID | None, since_ms: int) -> None:
        """Begin a report.

        Args:
            books: The ledger.
            links: Mints the finished film's link.
            film_id: The film.
            flow_run_id: The flow run that makes it; None, outside a flow, shows nothing.
            since_ms: Statuses entered earlier were told by an earlier run.
        """
        self._books = books
        self._links = links
        self._film_id = film_id
        self._flow_run_id = flow_run_id
        self._since_ms = since_ms
        self._moved = asyncio.Event()
        self._pictures: dict[int, str] = {}
        self._artifacts: dict[str, UUID] = {}
        self._last: dict[str, _Shown] = {}
        self._emitted: set[tuple[str, int]] = set()
        self._tagged = False

    def moved(self) -> None:
        """Note that the film's rows have changed."""
        self._moved.set()

    async def picture(self, index: int, file: Path) -> None:
        """Show a segment's picture from now on."""
        self._pictures[index] = await asyncio.to_thread(_data_url, file)
        self._moved.set()

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Report for the length of the block, and once more at its end unless it was cancelled."""
        if self._flow_run_id is None:
            yield
            return
        following, stopped = asyncio.create_task(self._follow(self._flow_run_id)), False
        try:
            yield
        except asyncio.CancelledError:
            stopped = True
            raise
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            if not stopped:
                await self._last_word(self._flow_run_id)

    async def _last_word(self, flow_run_id: UUID) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                await self._tell(flow_run_id)

    async def _follow(self, flow_run_id: UUID) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            await self._tell(flow_run_id)
            await asyncio.sleep(_PAUSE_S)

    async def _tell(self, flow_run_id: UUID) -> None:
        film, segments = await films.film(self._books, self._film_id), await films.segments(self._books, self._film_id)
        try:
            self._emit(film, segments)
            async with get_client() as client:
                if not self._tagged:
                    await _tag(client, flow_run_id, film.id)
                    self._tagged = True
                for shown in await self._shown(film, segments):
                    await self._publish(client, flow_run_id, shown)
        except (StoreUnusable, *PREFECT_TROUBLE) as trouble:
            _LOG.warning("%s goes on; Prefect doesn't show it now: %s", film.id, trouble)

    def _emit(self, film: Film, segments: list[Segment]) -> None:
        for status, at_ms in sorted(film.stage_times_ms.items(), key=lambda entry: entry[1]):
            if at_ms < self._since_ms or (status, at_ms) in self._emitted:
                continue
            self._emitted.add((status, at_ms))
            emit_event(
                event=f"longvideo.film.{status}",
                resource={
                    "prefect.resource.id": f"longvideo.film.{film.id}",
                    "prefect.resource.name": film.id,
                    "longvideo.film.status": status,
                },
                occurred=datetime.fromtimestamp(at_ms / 1000, UTC),
                payload=event_payload(film, segments, status),
                # A run that takes over may tell the last status again: it is the same event.
                id=uuid5(NAMESPACE_URL, f"longvideo:{film.id}:{status}:{at_ms}"),
            )

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

    async def _publish(self, client: PrefectClient, flow_run_id: UUID, shown: _Shown) -> None:
        if self._last.get(shown.name) == shown:
            return
        known = self._artifacts.get(shown.name)
        if known is None:
            created = await client.create_artifact(
                ArtifactCreate(
                    key=f"{self._film_id}-{shown.name}".replace("_", "-").lower(),
                    type=shown.kind,
                    data=shown.data,
                    description=shown.description,
                    flow_run_id=flow_run_id,
                )
            )
            self._artifacts[shown.name] = created.id
        else:
            await client.update_artifact(known, ArtifactUpdate(data=shown.data, description=shown.description))
        self._last[shown.name] = shown


def event_payload(film: Film, segments: list[Segment], status: str) -> dict[str, Any]:
    """Return a status event's figures; credits are numbers, as in the webhook."""
    return {
        "film_id": film.id,
        "status": status,
        "duration": film.request.duration,
        "provider": film.request.provider,
        "segments": len(segments),
        "segments_ready": sum(segment.state is SegmentState.READY for segment in segments),
        "progress": film.progress,
        "cost_estimate": credits_number(film.cost_estimate_mc),
        "cost_actual": None if film.cost_actual_mc is None else credits_number(film.cost_actual_mc),
        "error": None if film.fault is None else film.fault.as_json(),
        "simulated": film.simulated,
    }


async def _tag(client: PrefectClient, flow_run_id: UUID, film_id: FilmId) -> None:
    """Tag the run with its film: people filter by it, and who closes dead runs finds them by it."""
    run = await client.read_flow_run(flow_run_id)
    if film_id not in run.tags:
        await client.update_flow_run(flow_run_id, tags=[*run.tags, film_id])


def _data_url(file: Path) -> str:
    with Image.open(file) as picture:
        picture.thumbnail(_PICTURE_SIZE)
        small = io.BytesIO()
        picture.convert("RGB").save(small, "JPEG", quality=_PICTURE_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(small.getvalue()).decode()}"
