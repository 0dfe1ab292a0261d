"""ListenHub video: a task as detail and list tell it, and whether it is the one a lost create made."""

from collections import Counter
from decimal import Decimal
from typing import Any

from pydantic import Field

from providers.http.messages import WireReply
from providers.listenhub.envelope import seconds_of
from providers.listenhub.video_request import VideoRequest


class Params(WireReply):
    """The echo of a create; list items may leave out any of it, and empty the content."""

    content: list[dict[str, Any]] | None = None
    resolution: str | None = None
    ratio: str | None = None
    duration: float | None = None
    generate_audio: bool | None = Field(default=None, alias="generateAudio")
    seed: int | None = None


class Task(WireReply):
    """A task; detail and list item differ only in what they leave out.

    Knowingly not read: taskId (= id), episodeId, title, coverUrl, duration, resolution, ratio, enabledShare, updatedAt.
    `failure_text` and `failure_code` are not documented here; this vendor's voice and image tasks have the like.
    """

    job_id: str = Field(alias="id", min_length=1)
    status: str
    model: str | None = None
    prompt: str | None = None
    params: Params | None = None
    video_url: str | None = Field(default=None, alias="videoUrl")
    provider_video_url: str | None = Field(default=None, alias="providerVideoUrl")
    seed: int | None = None
    credit_charged: Decimal | None = Field(default=None, alias="creditCharged")
    credit_refunded: Decimal | None = Field(default=None, alias="creditRefunded")
    failure_text: str | None = Field(default=None, alias="errorMessage")
    failure_code: int | None = Field(default=None, alias="errorCode")
    created_at: float = Field(alias="createdAt")

    @property
    def created_at_s(self) -> float:
        """When it was created, unix seconds of the vendor's clock."""
        return seconds_of(self.created_at)


def has_seed_of(task: Task, request: VideoRequest, *, detail: bool) -> bool | None:
    """Return whether `task` carries the request's unique seed; None if what is told doesn't decide it.

    Args:
        task: A list item or a detail.
        request: What was sent, with an explicit seed no other request has.
        detail: Whether `task` is a detail: there a missing `params.seed` means that none was sent.
    """
    if task.model not in {None, request.model}:
        return False
    echoed = task.params.seed if task.params is not None else None
    if request.seed in {echoed, task.seed}:
        return True
    told = echoed is not None or (detail and task.params is not None)
    return False if told else None


def has_params_of(task: Task, request: VideoRequest, *, detail: bool) -> bool | None:
    """Return whether `task` was created with the same parameters; None if what is told doesn't decide it.

    For requests whose seed the customer fixed: many may share it, so all that is echoed has to fit. URLs are left out
    of it, because the vendor signs them anew.
    """
    params = task.params or Params()
    pairs = (
        (task.model, request.model),
        (params.resolution, request.resolution),
        (params.ratio, request.ratio),
        (params.duration, request.duration),
        (params.generate_audio, request.generate_audio),
        (params.seed if params.seed not in {None, -1} else task.seed, request.seed),
    )
    if any(told is not None and told != sent for told, sent in pairs):
        return False
    if params.content:
        if _outline(params.content) != _outline([item.model_dump() for item in request.content]):
            return False
        return True if detail or all(told is not None for told, _ in pairs) else None
    if task.prompt is None:
        return None
    if task.prompt not in {item.text for item in request.texts}:
        return False
    return True if detail else None


def _outline(content: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Return what of a content list survives an echo: kinds, roles and texts."""
    return Counter(
        (
            str(item.get("type")),
            str(item.get("role", "")),
            str(item.get("text", "")),
        )
        for item in content
    )
