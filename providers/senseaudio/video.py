"""SenseAudio video: doubao-seedance-2-0-260128 (seed SenseAudio video; its status page).

There is no list, so a lost create can't be found (`lists` is False), and no credit field anywhere.
"""

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from film.errors import (
    ProviderBusy,
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
from providers.http.downloads import fetch_file
from providers.http.messages import Reply, ReplyT, WireReply
from providers.http.vendor_client import VendorClient
from providers.ports import JobState, JobStatus, ListedJob
from providers.rules import require
from providers.senseaudio.request import (
    IMAGE_RULES,
    MODEL,
    RULES,
    Content,
    CreateRequest,
    ImageContent,
    ProviderSpecific,
    TextContent,
)

VENDOR: Final = "senseaudio"
#: How long the vendor may work on a task, in seconds; the least it takes. We give up long before.
_TIMEOUT_S: Final = 3600
_LOG: Final = logging.getLogger("longvideo.providers")

#: ref_code, or the word in `code`, -> what it means (field reports; the document lists none).
CODES: Final[Mapping[str, type[ProviderError]]] = {
    "400000": ProviderRejected,
    "invalid": ProviderRejected,
    "400015": ProviderBusy,
    "400001": ProviderOutOfCredits,  # usage limit or no balance
    "429002": ProviderOutOfCredits,
    "400900": ProviderOutOfCredits,  # billing account missing, frozen, without transaction
    "400901": ProviderOutOfCredits,
    "400902": ProviderOutOfCredits,
    "429000": ProviderRateLimited,
    "500000": SendAmbiguous,  # busy, or a model it doesn't have
    "authentication_error": ProviderKeyRefused,
    "404000": ProviderJobUnknown,
}
#: HTTP status -> what it means where no code is known.
STATUSES: Final[Mapping[int, type[ProviderError]]] = {
    400: ProviderRejected,
    401: ProviderKeyRefused,
    404: ProviderJobUnknown,
    429: ProviderRateLimited,
}
#: Status words (status page).
STATES: Final[Mapping[str, JobState]] = {
    "pending": JobState.RUNNING,
    "processing": JobState.RUNNING,
    "completed": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
}


class Created(WireReply):
    """The answer to a create."""

    task_id: str = Field(min_length=1)


class Task(WireReply):
    """A task's status.

    Knowingly not read: id (the record's, not the task's), model, progress, duration, is_new, created_at, completed_at,
    and the echo (prompt, resolution, ratio, content, provider_specific), which nobody has to match.
    """

    task_id: str
    status: str
    video_url: str | None = None
    failure_text: str | None = Field(default=None, alias="error_message")


class SenseAudio:
    """SenseAudio's video model; a `JobVendor[ClipSpec]`. It takes no seed: an order's is not sent."""

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
        """There is no list."""
        return False

    def request(self, spec: ClipSpec) -> CreateRequest:
        """Return the create request; every field is explicit (the vendor's default is a watermark)."""
        content: list[Content] = [TextContent(text=spec.prompt)]
        if spec.first_frame is not None:
            content.append(ImageContent(url=spec.first_frame.url, role="first_frame"))
        if spec.last_frame is not None:
            content.append(ImageContent(url=spec.last_frame.url, role="last_frame"))
        content += [ImageContent(url=image.url, role="reference") for image in spec.references]
        return CreateRequest(
            model=MODEL,
            content=tuple(content),
            duration=spec.rendered_s,
            resolution=spec.resolution.value,
            ratio=spec.ratio.value,
            timeout=_TIMEOUT_S,
            watermark=False,
            provider_specific=ProviderSpecific(generate_audio=spec.sound),
        )

    def check(self, spec: ClipSpec) -> None:
        """Let an order pass that keeps the rules SA-R1..SA-R12 and the material rules.

        Raises:
            ProviderRejected: It breaks one; `wire_code` is the rule.
        """
        require(RULES, self.request(spec), vendor=VENDOR)
        for image in filter(None, (spec.first_frame, spec.last_frame, *spec.references)):
            require(IMAGE_RULES, image, vendor=VENDOR)

    async def submit(self, spec: ClipSpec, *, nonce: int) -> str:  # noqa: ARG002 - nothing of it can be sent
        """Send one create and return the task's id; see `providers.ports` for what it raises."""
        self.check(spec)
        reply = await self._client.post_paid("v1/video/create", self.request(spec))
        return _read(self._client, reply, Created).task_id

    async def estimate(self, spec: ClipSpec) -> Decimal:
        """Return the rendered seconds: the document names no price, so this vendor's records are kept in seconds."""
        return Decimal(spec.rendered_s)

    async def get_job(self, job_id: str) -> JobStatus:
        """Look at a task once; see `providers.ports` for what it raises.

        One field report says the vendor may answer for the key's newest task: an answer about another is no answer.
        """
        task = _read(self._client, await self._client.get("v1/video/status", params={"id": job_id}), Task)
        if task.task_id != job_id:
            raise ProviderUnavailable(provider=VENDOR, detail=f"asked for task {job_id}, was told of another")
        state = STATES.get(task.status)
        if state is None:
            _LOG.warning("senseaudio task %s has the unknown status %r; it is polled on", job_id, task.status[:40])
            state = JobState.RUNNING
        if state is JobState.SUCCEEDED and not task.video_url:
            raise ProviderUnavailable(provider=VENDOR, detail=f"task {job_id} completed without a video URL")
        failure = None
        if state is JobState.FAILED:
            said = self._client.redact(task.failure_text or "the job failed, no reason given")
            failure = ProviderJobFailed(provider=VENDOR, detail=said)
        file_url = task.video_url if state is JobState.SUCCEEDED else None
        return JobStatus(job_id=job_id, state=state, file_url=file_url, failure=failure)

    async def credits_available(self) -> None:
        """List the models, which is free: a way to try the key. What is left is told nowhere; see `ports.Account`."""
        reply = await self._client.get("v1/models", params={"mode": "video"})
        if not reply.ok:
            raise _refusal(self._client, reply)

    async def find_candidates(self, spec: ClipSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:  # noqa: ARG002
        """Return nothing: there is no list."""
        return ()

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Download the clip; see `providers.ports` for what it raises."""
        await fetch_file(job, into, client=self._client)


def _read(client: VendorClient, reply: Reply, model: type[ReplyT]) -> ReplyT:
    if reply.ok:
        return client.parse(model, reply.body, reply)
    raise _refusal(client, reply)


def _refusal(client: VendorClient, reply: Reply) -> ProviderError:
    """Judge by (HTTP status, ref_code); `code` may be a word or prose, and prose decides nothing."""
    body: dict[str, Any] = reply.body if isinstance(reply.body, dict) else {}
    said, code = str(body.get("message", "refused")), str(body.get("ref_code", body.get("code", "")))
    if reply.http_status >= 500 or (not body and reply.http_status != 429):
        return client.error_for(SendAmbiguous, reply, detail="no answer that can be read", wire_code=code)
    kind = CODES.get(code) or STATUSES.get(reply.http_status, SendAmbiguous)
    return client.error_for(kind, reply, detail=said, wire_code=code if code in CODES else "")
