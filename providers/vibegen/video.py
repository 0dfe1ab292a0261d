"""vibegen: seedance 2.0 (seed vibegen; AI Video API).

The list echoes neither callback nor length: a lost create is looked for by its exact prompt within its time.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field

from film.callbacks import CallbackAddress
from film.errors import (
    ProviderContentRefused,
    ProviderError,
    ProviderJobFailed,
    ProviderJobUnknown,
    ProviderKeyRefused,
    ProviderOutOfCredits,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.job_specs import ClipSpec
from providers.http.downloads import fetch_file, oldest_first
from providers.http.messages import Reply, ReplyT, WireReply
from providers.http.pagination import Page, paginate_all
from providers.http.vendor_client import VendorClient
from providers.ports import JobState, JobStatus, ListedJob
from providers.rules import require
from providers.vibegen.request import MODEL, PRICES, RULES, CreateRequest

VENDOR: Final = "vibegen"
_PAGE_SIZE: Final = 100
_LOG: Final = logging.getLogger("longvideo.providers")

#: Error code -> what it means (section 6). A vendor fault after a create leaves open whether a task stands.
CODES: Final[Mapping[str, type[ProviderError]]] = {
    "INVALID_API_KEY": ProviderKeyRefused,
    "INVALID_PARAMETER": ProviderRejected,
    "INSUFFICIENT_CREDITS": ProviderOutOfCredits,
    "TASK_NOT_FOUND": ProviderJobUnknown,
    "RATE_LIMIT_EXCEEDED": ProviderRateLimited,
    "PROVIDER_ERROR": SendAmbiguous,
    "INTERNAL_ERROR": SendAmbiguous,
}
#: HTTP status -> what it means where the code is none we know (section 6).
STATUSES: Final[Mapping[int, type[ProviderError]]] = {
    400: ProviderRejected,
    401: ProviderKeyRefused,
    402: ProviderOutOfCredits,
    404: ProviderJobUnknown,
    429: ProviderRateLimited,
}
#: Status words (section 5).
STATES: Final[Mapping[str, JobState]] = {
    "pending": JobState.RUNNING,
    "processing": JobState.RUNNING,
    "completed": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
}
#: The one reason for a failed task that the document words (sections 2 and 4); any other may pass on a new attempt.
_CONTENT_REFUSED: Final = "Content policy violation"


class Created(WireReply):
    """The answer to a create. Knowingly not read: status, model, task_type, created_at."""

    id: str = Field(min_length=1)


class Task(WireReply):
    """A task. Knowingly not read: model, task_type, completed_at."""

    job_id: str = Field(alias="id", min_length=1)
    status: str
    prompt: str | None = None
    video_url: str | None = None
    created_at: datetime
    error: str | None = None

    @property
    def created_at_s(self) -> float:
        """When it was created, unix seconds of the vendor's clock."""
        at = self.created_at if self.created_at.tzinfo is not None else self.created_at.replace(tzinfo=UTC)
        return at.timestamp()


class Pagination(WireReply):
    """Of what the list says of itself only the total is used: it asks for an offset and answers a page."""

    total: int = Field(ge=0)


class Listing(WireReply):
    """One page of the list."""

    tasks: list[dict[str, Any]]
    pagination: Pagination


class Vibegen:
    """vibegen's video model; a `JobVendor[ClipSpec]`. It takes no seed: an order's is not sent."""

    def __init__(self, client: VendorClient, *, callbacks: CallbackAddress | None = None) -> None:
        self._client = client
        self._callbacks = callbacks

    @property
    def vendor(self) -> str:
        """Who is paid."""
        return VENDOR

    @property
    def model(self) -> str:
        """The model's name on the wire."""
        return MODEL

    @property
    def can_list(self) -> bool:
        """The list echoes each task's prompt."""
        return True

    def request(self, spec: ClipSpec, *, nonce: int) -> CreateRequest:
        """Return the create request; every field is explicit (the vendor's defaults are 480p and no sound)."""
        return CreateRequest(
            model=MODEL,
            prompt=spec.prompt,
            image_urls=tuple(image.url for image in spec.references) or None,
            duration=spec.rendered_s,
            aspect_ratio=spec.ratio.value,
            resolution=spec.resolution.value,
            generate_audio=spec.sound,
            callback_url=self._callbacks.url(nonce) if self._callbacks is not None else None,
        )

    def check(self, spec: ClipSpec) -> None:
        """Let an order pass that keeps the rules VG-R1..VG-R6 and has no frames: image_urls know no roles.

        Raises:
            ProviderRejected: It breaks one; `wire_code` is the rule.
        """
        require(RULES, self.request(spec, nonce=1), vendor=VENDOR)
        if spec.first_frame is not None or spec.last_frame is not None:
            raise ProviderRejected(provider=VENDOR, detail="not sent: there are no frame roles", wire_code="VG-frames")

    async def submit(self, spec: ClipSpec, *, nonce: int) -> str:
        """Send one create and return the task's id; see `providers.ports` for what it raises."""
        self.check(spec)
        reply = await self._client.post_paid("generations", self.request(spec, nonce=nonce))
        return _read(self._client, reply, Created).id

    async def estimate(self, spec: ClipSpec) -> Decimal:
        """Return the price list's word (section 7); no reply of this vendor ever tells a charge."""
        return PRICES[spec.resolution.value, spec.rendered_s, spec.sound]

    async def get_job(self, job_id: str) -> JobStatus:
        """Look at a task once; see `providers.ports` for what it raises. No credits are told."""
        task = _read(self._client, await self._client.get(f"tasks/{quote(job_id, safe='')}"), Task)
        if task.job_id != job_id:
            raise ProviderUnavailable(provider=VENDOR, detail=f"asked for task {job_id}, was told of another")
        state = STATES.get(task.status)
        if state is None:
            _LOG.warning("vibegen task %s has the unknown status %r; it is polled on", job_id, task.status[:40])
            state = JobState.RUNNING
        if state is JobState.SUCCEEDED and not task.video_url:
            raise ProviderUnavailable(provider=VENDOR, detail=f"task {job_id} completed without a video URL")
        return JobStatus(
            job_id=job_id,
            state=state,
            file_url=task.video_url if state is JobState.SUCCEEDED else None,
            failure=self._failure(task) if state is JobState.FAILED else None,
        )

    async def credits_available(self) -> None:
        """Look at the list, which is free: a way to try the key. What is left is told nowhere; see `ports.Account`."""
        await self._page(1, 0)

    async def find_candidates(self, spec: ClipSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:  # noqa: ARG002
        """Read the whole list: every task of exactly this prompt since `since_s`; see `providers.ports`.

        Neither length nor size is listed, so whoever adopts one must see whether its file fits.
        """
        listed = await paginate_all(self._page, vendor=VENDOR)
        in_time = [task for task in listed if task.created_at_s >= since_s]
        if any(task.prompt is None for task in in_time):
            raise ProviderUnavailable(provider=VENDOR, detail="the list leaves out prompts")
        return oldest_first(task for task in in_time if task.prompt == spec.prompt)

    @property
    def list_name(self) -> str:
        """The list's path: all models share it."""
        return "tasks"

    async def jobs(self, *, since_s: float) -> Sequence[ListedJob]:
        """Read the list back to `since_s`, whatever was ordered; see `providers.ports.JobList`."""
        listed = await paginate_all(self._page, vendor=VENDOR)
        return oldest_first(task for task in listed if task.created_at_s >= since_s)

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Download the clip; see `providers.ports` for what it raises."""
        await fetch_file(job, into, client=self._client)

    async def _page(self, _number: int, seen: int) -> Page[Task]:
        reply = await self._client.get_list("tasks", params={"limit": _PAGE_SIZE, "offset": seen})
        listing = _read(self._client, reply, Listing)
        tasks = [self._client.parse(Task, task, reply) for task in listing.tasks]
        return Page(items=tasks, total=listing.pagination.total)

    def _failure(self, task: Task) -> ProviderError:
        said = self._client.redact(task.error or "the job failed, no reason given")
        if task.error == _CONTENT_REFUSED:
            return ProviderContentRefused(provider=VENDOR, detail=said)
        return ProviderJobFailed(provider=VENDOR, detail=said)


def _read(client: VendorClient, reply: Reply, model: type[ReplyT]) -> ReplyT:
    if reply.ok and isinstance(reply.body, dict) and reply.body.get("success") is True:
        return client.parse(model, reply.body.get("data"), reply)
    raise _refusal(client, reply)


def _refusal(client: VendorClient, reply: Reply) -> ProviderError:
    """Judge by (HTTP status, error.code)."""
    body = reply.body if isinstance(reply.body, dict) else {}
    error = body.get("error")
    told: dict[str, Any] = error if isinstance(error, dict) else {}
    code = str(told.get("code", ""))
    if reply.http_status >= 500 or (not told and reply.http_status != 429):
        return client.error_for(SendAmbiguous, reply, detail="no answer that can be read", wire_code=code[:40])
    kind = CODES.get(code) or STATUSES.get(reply.http_status, SendAmbiguous)
    return client.error_for(kind, reply, detail=str(told.get("message", "refused")), wire_code=code[:40])
