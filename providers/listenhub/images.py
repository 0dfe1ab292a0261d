"""ListenHub images, the asynchronous form: reference sheets of characters (vendor's image page; field reports).

The synchronous form may lose its answer after the charge. There is nothing to find a lost create by, so `lists` is
False. Field reports show answers with and without the envelope; both are read.
"""

import logging
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from pydantic import AliasChoices, Field

from film.errors import ProviderContentRefused, ProviderError, ProviderJobFailed
from film.job_specs import ImageSpec
from providers.http.downloads import fetch_file
from providers.http.messages import Reply, ReplyT, WireReply, WireRequest
from providers.http.vendor_client import VendorClient
from providers.listenhub.envelope import VENDOR, Created, read_data, refusal, require_job
from providers.ports import JobState, JobStatus, ListedJob
from providers.rules import Rule, require

MODEL: Final = "gemini-3-pro-image"
_PATH: Final = "v1/images/generation"
_LOG: Final = logging.getLogger("longvideo.providers")
#: Status words of image tasks (field reports; both words for failure occur).
_STATES: Final = {
    "pending": JobState.RUNNING,
    "generating": JobState.RUNNING,
    "success": JobState.SUCCEEDED,
    "fail": JobState.FAILED,
    "failed": JobState.FAILED,
}
#: Reference pictures a model takes (field reports).
_REFERENCES_MAX: Final = {"google": 14, "openai": 4}


class FileData(WireRequest):
    """A reference picture by URL."""

    file_uri: str = Field(alias="fileUri")
    mime_type: str = Field(alias="mimeType")


class InlineData(WireRequest):
    """A reference picture as base64."""

    data: str
    mime_type: str = Field(alias="mimeType")


class ReferenceImage(WireRequest):
    """A reference picture, by URL or inline."""

    file_data: FileData | None = Field(default=None, alias="fileData")
    inline_data: InlineData | None = Field(default=None, alias="inlineData")


class ImageConfig(WireRequest):
    """Size class and shape of the picture."""

    image_size: Literal["1K", "2K", "4K"] = Field(alias="imageSize")
    aspect_ratio: str = Field(alias="aspectRatio")


class ImageRequest(WireRequest):
    """`POST /v1/images/generation[/async]` and its price question."""

    provider: Literal["google", "openai"]
    model: str | None = None
    prompt: str
    reference_images: tuple[ReferenceImage, ...] | None = Field(default=None, alias="referenceImages")
    image_config: ImageConfig | None = Field(default=None, alias="imageConfig")


def _one_source(request: ImageRequest) -> bool:
    return all((image.file_data is None) != (image.inline_data is None) for image in request.reference_images or ())


#: The image page numbers no rules; these are its tables.
RULES: Final[tuple[Rule[ImageRequest], ...]] = (
    Rule("LI-prompt", "the prompt is not blank", lambda r: bool(r.prompt.strip())),
    Rule(
        "LI-ratio",
        "the ratio is listed",
        lambda r: (
            r.image_config is None or r.image_config.aspect_ratio in {"16:9", "4:3", "1:1", "3:4", "9:16", "21:9"}
        ),
    ),
    Rule(
        "LI-references",
        "14 references at most, 4 for openai",
        lambda r: len(r.reference_images or ()) <= _REFERENCES_MAX[r.provider],
    ),
    Rule("LI-reference", "a reference comes by url or inline", _one_source),
)


class Picture(WireReply):
    """A finished picture."""

    url: str = Field(min_length=1)


class Task(WireReply):
    """An image task. Knowingly not read: createdAt, completedAt, the pictures' mimeType."""

    job_id: str = Field(validation_alias=AliasChoices("taskId", "id"), min_length=1)
    status: str
    images: list[Picture] | None = None
    failure_text: str | None = Field(default=None, validation_alias=AliasChoices("failMsg", "failReason"))
    retryable: bool | None = None


class Estimate(WireReply):
    """What a create would cost."""

    credits: Decimal


class ListenHubImages:
    """The image model at ListenHub; a `JobVendor[ImageSpec]`."""

    def __init__(self, client: VendorClient) -> None:
        self._client = client

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
        """Nothing in the list tells one create from another."""
        return False

    def request(self, spec: ImageSpec) -> ImageRequest:
        """Return the create request."""
        config = ImageConfig(image_size="1K", aspect_ratio=spec.ratio.value)
        return ImageRequest(provider="google", model=MODEL, prompt=spec.prompt, image_config=config)

    def check(self, spec: ImageSpec) -> None:
        """Let an order pass that keeps the tables of the image page.

        Raises:
            ProviderRejected: It breaks one; `wire_code` is the rule.
        """
        require(RULES, self.request(spec), vendor=VENDOR)

    async def submit(self, spec: ImageSpec, *, nonce: int) -> str:  # noqa: ARG002 - nothing of it can be sent
        """Send one create and return the task's id; see `providers.ports` for what it raises."""
        self.check(spec)
        reply = await self._client.post_paid(f"{_PATH}/async", self.request(spec))
        return _read(self._client, reply, Created).job_id

    async def get_job(self, job_id: str) -> JobStatus:
        """Look at a task once; see `providers.ports` for what it raises. No credits are told."""
        reply = await self._client.get(f"{_PATH}/tasks/{quote(job_id, safe='')}")
        task = _read(self._client, reply, Task)
        require_job(self._client, task.job_id, job_id)
        state = _STATES.get(task.status)
        if state is None:
            _LOG.warning("image task %s has the unknown status %r; it is polled on", job_id, task.status[:40])
            state = JobState.RUNNING
        failure = self._failure(task) if state is JobState.FAILED else None
        if state is JobState.SUCCEEDED and not task.images:
            # The synchronous form answers so when its filter took the picture away.
            state, failure = JobState.FAILED, ProviderContentRefused(provider=VENDOR, detail="no picture was returned")
        file_url = task.images[0].url if state is JobState.SUCCEEDED and task.images else None
        return JobStatus(job_id=job_id, state=state, file_url=file_url, failure=failure)

    async def find_candidates(self, spec: ImageSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:  # noqa: ARG002
        """Return nothing: a lost image create can't be told from another."""
        return ()

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Download the picture; see `providers.ports` for what it raises."""
        await fetch_file(job, into, client=self._client)

    async def estimate(self, spec: ImageSpec) -> Decimal:
        """Return what ListenHub says the picture would cost, in its credits.

        Raises:
            ProviderUnavailable: It can't be asked now.
        """
        reply = await self._client.post_free(f"{_PATH}/estimate-credits", self.request(spec))
        return _read(self._client, reply, Estimate).credits

    def _failure(self, task: Task) -> ProviderError:
        said = self._client.redact(task.failure_text or "the job failed, no reason given")
        return ProviderJobFailed(provider=VENDOR, detail=said, may_retry=task.retryable is not False)


def _read(client: VendorClient, reply: Reply, model: type[ReplyT]) -> ReplyT:
    body: Any = reply.body
    if not isinstance(body, dict) or "code" in body:
        return read_data(client, reply, model)
    if not reply.ok:
        raise refusal(client, reply)
    return client.parse(model, body, reply)
