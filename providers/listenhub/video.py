"""ListenHub video: happyhorse, doubao-seedance-2-fast and -pro (seed ListenHub video).

A lost create is found again by its seed: every attempt sends its nonce as an explicit one, and list and detail echo it.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from pydantic import Field

from film.errors import ProviderJobUnknown, ProviderRejected, ProviderUnavailable
from film.job_specs import ClipSpec, ImageRef
from providers.http.downloads import fetch_file, oldest_first
from providers.http.messages import WireReply, WireRequest
from providers.http.pagination import Page, paginate_newest_first
from providers.http.vendor_client import VendorClient
from providers.listenhub.envelope import (
    FOREIGN_TASK,
    VENDOR,
    Created,
    Listing,
    job_failure,
    read_data,
    require_job,
    state_of,
)
from providers.listenhub.video_request import (
    HAPPYHORSE,
    RULES,
    Content,
    ImageContent,
    ImageFacts,
    MediaUrl,
    TextContent,
    VideoRequest,
)
from providers.listenhub.video_task import Task, has_params_of, has_seed_of
from providers.ports import JobState, JobStatus, ListedJob
from providers.rules import require

_PATH: Final = "v1/video-generation"
_PAGE_SIZE: Final = 100
#: Nonces become seeds that every model takes.
_SEEDS: Final = 2**31 - 1

Role = Literal["first_frame", "last_frame", "reference_image"]


class EstimateRequest(WireRequest):
    """`POST /v1/video-generation/estimate-credits`."""

    model: str
    resolution: str
    duration: int
    has_video_input: bool = Field(default=False, alias="hasVideoInput")
    input_video_duration: int | None = Field(default=None, alias="inputVideoDuration")
    ratio: str | None = None
    reference_images: tuple[ImageFacts, ...] | None = Field(default=None, alias="referenceImages")


class Estimate(WireReply):
    """What a create would cost; `tokens` is the model's own measure and only shown."""

    tokens: float | None = None
    credits: Decimal


class ListenHubVideo:
    """One video model at ListenHub; a `JobVendor[ClipSpec]`."""

    def __init__(self, client: VendorClient, *, model: str) -> None:
        self._client = client
        self._model = model

    @property
    def vendor(self) -> str:
        """Who is paid."""
        return VENDOR

    @property
    def model(self) -> str:
        """The model's name on the wire."""
        return self._model

    @property
    def can_list(self) -> bool:
        """The list echoes each task's seed."""
        return True

    def request(self, spec: ClipSpec, *, nonce: int) -> VideoRequest:
        """Return the create request; every field is explicit, because defaults differ between vendors."""
        pictures = _pictures(spec)
        content: tuple[Content, ...] = (
            TextContent(text=spec.prompt),
            *(ImageContent(role=role, image_url=MediaUrl(url=image.url)) for role, image in pictures),
        )
        facts = tuple(
            ImageFacts(role=role, width=image.width, height=image.height, size=image.size_bytes)
            for role, image in pictures
        )
        return VideoRequest(
            model=self._model,
            content=content,
            resolution=spec.resolution.value,
            ratio=spec.ratio.value,
            duration=spec.rendered_s,
            generate_audio=spec.sound,
            seed=spec.seed if spec.seed is not None else seed_of(nonce),
            reference_images=facts if facts and self._model != HAPPYHORSE else None,
        )

    def check(self, spec: ClipSpec) -> None:
        """Let an order pass that keeps the rules LH-R1..LH-R23.

        Raises:
            ProviderRejected: It breaks one; `wire_code` is the rule.
        """
        require(RULES, self.request(spec, nonce=1), vendor=VENDOR)

    async def submit(self, spec: ClipSpec, *, nonce: int) -> str:
        """Send one create and return the task's id; see `providers.ports` for what it raises."""
        request = self.request(spec, nonce=nonce)
        require(RULES, request, vendor=VENDOR)
        reply = await self._client.post_paid(f"{_PATH}/generate", request)
        return read_data(self._client, reply, Created).job_id

    async def get_job(self, job_id: str) -> JobStatus:
        """Look at a task once; see `providers.ports` for what it raises."""
        task = await self._task(job_id)
        state = state_of(task.status, job_id)
        file_url = task.video_url or task.provider_video_url
        if state is JobState.SUCCEEDED and not file_url:
            raise ProviderUnavailable(provider=VENDOR, detail=f"task {job_id} succeeded without a video URL")
        failed = state is JobState.FAILED
        return JobStatus(
            job_id=job_id,
            state=state,
            file_url=file_url if state is JobState.SUCCEEDED else None,
            failure=job_failure(self._client, task.failure_text, task.failure_code) if failed else None,
            charged=task.credit_charged,
            refunded=task.credit_refunded,
        )

    async def find_candidates(self, spec: ClipSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        """Read the list back to `since_s`; see `providers.ports`.

        With a seed the customer fixed, several jobs may fit: all whose echoed parameters equal the order's.
        """
        request = self.request(spec, nonce=nonce)
        listed = await paginate_newest_first(self._page, since_s=since_s, vendor=VENDOR)
        ours = [
            task
            for task in listed
            if task.created_at_s >= since_s and await self._made_by(task, request, fixed=spec.seed is not None)
        ]
        return oldest_first(ours)

    @property
    def list_name(self) -> str:
        """The list's path: all models share it."""
        return _PATH

    async def jobs(self, *, since_s: float) -> Sequence[ListedJob]:
        """Read the list back to `since_s`, whatever was ordered; see `providers.ports.JobList`."""
        listed = await paginate_newest_first(self._page, since_s=since_s, vendor=VENDOR)
        return oldest_first(task for task in listed if task.created_at_s >= since_s)

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Download the clip; see `providers.ports` for what it raises."""
        await fetch_file(job, into, client=self._client)

    async def estimate(self, spec: ClipSpec) -> Decimal:
        """Return what ListenHub says the clip would cost, in its credits.

        Raises:
            ProviderUnavailable: It can't be asked now.
        """
        request = self.request(spec, nonce=1)
        question = EstimateRequest(
            model=request.model,
            resolution=request.resolution,
            duration=spec.rendered_s,
            ratio=request.ratio,
            reference_images=request.reference_images,
        )
        reply = await self._client.post_free(f"{_PATH}/estimate-credits", question)
        return read_data(self._client, reply, Estimate).credits

    async def _task(self, job_id: str) -> Task:
        reply = await self._client.get(f"{_PATH}/tasks/{quote(job_id, safe='')}")
        task = read_data(self._client, reply, Task)
        require_job(self._client, task.job_id, job_id)
        return task

    async def _page(self, number: int, _seen: int) -> Page[Task]:
        reply = await self._client.get_list(f"{_PATH}/tasks", params={"page": number, "pageSize": _PAGE_SIZE})
        listing = read_data(self._client, reply, Listing)
        tasks = [self._client.parse(Task, item, reply) for item in listing.items]
        return Page(items=tasks, total=listing.total, number=listing.page)

    async def _made_by(self, task: Task, request: VideoRequest, *, fixed: bool) -> bool:
        """Decide by the list item, or by the detail where the item leaves it open.

        Raises:
            ProviderUnavailable: Not even the detail tells.
        """
        fits = has_params_of if fixed else has_seed_of
        verdict = fits(task, request, detail=False)
        if verdict is None:
            try:
                detail = await self._task(task.job_id)
            except ProviderJobUnknown as error:
                raise ProviderUnavailable(
                    provider=VENDOR, detail=f"task {task.job_id} is listed and unknown"
                ) from error
            except ProviderRejected as error:
                if error.wire_code == FOREIGN_TASK:
                    return False
                raise
            detail = detail.model_copy(update={"prompt": detail.prompt or task.prompt})
            verdict = fits(detail, request, detail=True)
        if verdict is None:
            raise ProviderUnavailable(provider=VENDOR, detail=f"task {task.job_id} doesn't tell what it was made from")
        return verdict


def seed_of(nonce: int) -> int:
    """Return the seed an attempt's nonce is sent as: itself where it is 1..2^31-1, else folded into that range."""
    return (nonce - 1) % _SEEDS + 1


def _pictures(spec: ClipSpec) -> list[tuple[Role, ImageRef]]:
    pictures: list[tuple[Role, ImageRef]] = []
    if spec.first_frame is not None:
        pictures.append(("first_frame", spec.first_frame))
    if spec.last_frame is not None:
        pictures.append(("last_frame", spec.last_frame))
    return pictures + [("reference_image", image) for image in spec.references]
