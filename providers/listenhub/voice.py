"""ListenHub Voice: narration with a speaker, music and effects without (seed ListenHub Voice).

A lost create is found by its exact text and voices. Two equal requests can't be told apart, and needn't be.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field

from film.errors import ProviderJobUnknown, ProviderUnavailable
from film.job_specs import SoundSpec
from providers.http.downloads import fetch_file, oldest_first
from providers.http.messages import WireReply
from providers.http.pagination import Page, paginate_newest_first
from providers.http.vendor_client import VendorClient
from providers.listenhub.envelope import (
    VENDOR,
    Created,
    Listing,
    job_failure,
    read_data,
    require_job,
    seconds_of,
    state_of,
)
from providers.listenhub.voice_request import MODEL, RULES, AudioConfig, Voice, VoiceRequest
from providers.ports import JobState, JobStatus, ListedJob
from providers.rules import require

_PATH: Final = "v1/listenhub-voice"
_PAGE_SIZE: Final = 100


class Params(WireReply):
    """The echo of a create; pictures and sounds are stripped from it."""

    text: str | None = None
    voices: list[dict[str, Any]] | None = None


class Task(WireReply):
    """A task; a list item has the same fields, though the document's own example leaves out the params.

    Knowingly not read: model, audioDuration (the file is measured), updatedAt.
    """

    job_id: str = Field(alias="id", min_length=1)
    status: str
    params: Params | None = None
    audio_url: str | None = Field(default=None, alias="audioUrl")
    credit_charged: Decimal | None = Field(default=None, alias="creditCharged")
    credit_refunded: Decimal | None = Field(default=None, alias="creditRefunded")
    failure_text: str | None = Field(default=None, alias="errorMessage")
    failure_code: int | None = Field(default=None, alias="errorCode")
    created_at: float = Field(alias="createdAt")

    @property
    def created_at_s(self) -> float:
        """When it was created, unix seconds of the vendor's clock."""
        return seconds_of(self.created_at)


class Estimate(WireReply):
    """What a create would cost (the vendor's SDK names the endpoint, no document does)."""

    credits: Decimal


class ListenHubVoice:
    """The voice model at ListenHub; a `JobVendor[SoundSpec]`, and its price question."""

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
        """The list echoes each task's text."""
        return True

    def request(self, spec: SoundSpec) -> VoiceRequest:
        """Return the create request; every field is explicit."""
        voice = None if spec.voice_id is None else (Voice(type="speaker", id=spec.voice_id),)
        return VoiceRequest(
            model=MODEL,
            text=spec.text,
            voices=voice,
            audio_config=AudioConfig(speech_rate=0, loudness_rate=0, pitch_rate=0, format="mp3"),
            duration_hint=spec.duration_hint_s,
            watermark=False,
        )

    def check(self, spec: SoundSpec) -> None:
        """Let an order pass that keeps the rules LV1..LV9.

        Raises:
            ProviderRejected: It breaks one; `wire_code` is the rule.
        """
        require(RULES, self.request(spec), vendor=VENDOR)

    async def submit(self, spec: SoundSpec, *, nonce: int) -> str:  # noqa: ARG002 - nothing of it can be sent
        """Send one create and return the task's id; see `providers.ports` for what it raises."""
        self.check(spec)
        reply = await self._client.post_paid(f"{_PATH}/generate", self.request(spec))
        return read_data(self._client, reply, Created).job_id

    async def get_job(self, job_id: str) -> JobStatus:
        """Look at a task once; see `providers.ports` for what it raises."""
        task = await self._task(job_id)
        state = state_of(task.status, job_id)
        if state is JobState.SUCCEEDED and not task.audio_url:
            raise ProviderUnavailable(provider=VENDOR, detail=f"task {job_id} succeeded without an audio URL")
        failed = state is JobState.FAILED
        return JobStatus(
            job_id=job_id,
            state=state,
            file_url=task.audio_url if state is JobState.SUCCEEDED else None,
            failure=job_failure(self._client, task.failure_text, task.failure_code) if failed else None,
            charged=task.credit_charged,
            refunded=task.credit_refunded,
        )

    async def find_candidates(self, spec: SoundSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:  # noqa: ARG002
        """Read the list back to `since_s`: all tasks of exactly this text and these voices; see `providers.ports`."""
        request = self.request(spec)
        listed = await paginate_newest_first(self._page, since_s=since_s, vendor=VENDOR)
        return oldest_first(
            [task for task in listed if task.created_at_s >= since_s and await self._made_by(task, request)]
        )

    @property
    def list_name(self) -> str:
        """The list's path: all models share it."""
        return _PATH

    async def jobs(self, *, since_s: float) -> Sequence[ListedJob]:
        """Read the list back to `since_s`, whatever was ordered; see `providers.ports.JobList`."""
        listed = await paginate_newest_first(self._page, since_s=since_s, vendor=VENDOR)
        return oldest_first(task for task in listed if task.created_at_s >= since_s)

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Download the audio; see `providers.ports` for what it raises."""
        await fetch_file(job, into, client=self._client)

    async def estimate(self, spec: SoundSpec) -> Decimal:
        """Return what ListenHub says the audio would cost, in its credits.

        Raises:
            ProviderUnavailable: It can't be asked now.
        """
        reply = await self._client.post_free(f"{_PATH}/estimate-credits", self.request(spec))
        return read_data(self._client, reply, Estimate).credits

    async def _task(self, job_id: str) -> Task:
        reply = await self._client.get(f"{_PATH}/tasks/{quote(job_id, safe='')}")
        task = read_data(self._client, reply, Task)
        require_job(self._client, task.job_id, job_id)
        return task

    async def _page(self, number: int, _seen: int) -> Page[Task]:
        # No keyword: its fuzzy match is documented nowhere, so it could hide the very task that is looked for.
        reply = await self._client.get_list(f"{_PATH}/tasks", params={"page": number, "pageSize": _PAGE_SIZE})
        listing = read_data(self._client, reply, Listing)
        tasks = [self._client.parse(Task, item, reply) for item in listing.items]
        return Page(items=tasks, total=listing.total, number=listing.page)

    async def _made_by(self, task: Task, request: VoiceRequest) -> bool:
        """Compare the echo; where a list item has none, the detail's.

        Raises:
            ProviderUnavailable: Not even the detail has one.
        """
        params = task.params
        if params is None or params.text is None:
            try:
                params = (await self._task(task.job_id)).params
            except ProviderJobUnknown as error:
                raise ProviderUnavailable(
                    provider=VENDOR, detail=f"task {task.job_id} is listed and unknown"
                ) from error
        if params is None or params.text is None:
            raise ProviderUnavailable(provider=VENDOR, detail=f"task {task.job_id} doesn't tell what it was made from")
        sent = [(voice.type, voice.id) for voice in request.voices or ()]
        told = [(voice.get("type"), voice.get("id")) for voice in params.voices or ()]
        return params.text.strip() == request.text.strip() and told == sent
