"""What every ListenHub endpoint shares: the envelope, the codes, the words of a status, the clock.

The documents contradict each other on errors: HTTP 400/402/403/404/429 (video page), HTTP 400 with a 33xxx code (voice
page), HTTP 200 with a code (general page). So an answer is judged by the pair of both, and a code counts on any status.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import Field

from film.errors import (
    ProviderBusy,
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
from providers.http.messages import Reply, WireReply
from providers.http.vendor_client import VendorClient
from providers.ports import JobState

VENDOR: Final = "listenhub"
_LOG: Final = logging.getLogger("longvideo.providers")

#: Code -> what it means (voice page: errors; general errors page; the vendor's SDK for 32001..32008).
CODES: Final[Mapping[int, type[ProviderError]]] = {
    21007: ProviderKeyRefused,
    26004: ProviderOutOfCredits,
    32002: ProviderOutOfCredits,
    33006: ProviderOutOfCredits,
    29003: ProviderRejected,
    32004: ProviderRejected,
    32006: ProviderRejected,  # audio without a picture
    33002: ProviderRejected,  # no such voice
    33004: ProviderRejected,
    33005: ProviderRejected,  # too many voices
    32005: ProviderRejected,  # another user's task
    29998: ProviderRateLimited,
    25429: ProviderRateLimited,
    32007: ProviderRateLimited,
    33007: ProviderRateLimited,
    33009: ProviderBusy,
    32001: ProviderJobUnknown,
    25002: ProviderJobUnknown,
    33001: ProviderJobUnknown,
    32008: ProviderContentRefused,
    91002: ProviderContentRefused,
    32003: SendAmbiguous,  # the model's own vendor failed: whether a task stands is not said
    33003: SendAmbiguous,
    33008: SendAmbiguous,  # timed out while generating: then a task stands
}
#: The code, as `wire_code`, of a task that another user owns (video page: 403).
FOREIGN_TASK: Final = "32005"
#: HTTP status -> what it means where the code is none we know (video page: errors).
STATUSES: Final[Mapping[int, type[ProviderError]]] = {
    400: ProviderRejected,
    401: ProviderKeyRefused,
    402: ProviderOutOfCredits,
    403: ProviderRejected,
    404: ProviderJobUnknown,
    429: ProviderRateLimited,
}
#: Status words of video and voice tasks (video page: task states; voice page: life cycle).
STATES: Final[Mapping[str, JobState]] = {
    "pending": JobState.RUNNING,
    "generating": JobState.RUNNING,
    "uploading": JobState.RUNNING,
    "success": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
}
#: Codes that a failed task may carry and that no new attempt can help.
_FINAL: Final = (ProviderRejected, ProviderOutOfCredits)
#: Above this a time is milliseconds, below it seconds: the vendor's own command line reads seconds.
_MILLISECONDS_FROM: Final = 1e11


class Envelope(WireReply):
    """What every JSON answer comes in; code 0 is success."""

    code: int
    message: str = ""
    data: Any = None


class Created(WireReply):
    """The answer to every create."""

    job_id: str = Field(alias="taskId", min_length=1)


class Listing(WireReply):
    """One page of any task list."""

    items: list[dict[str, Any]]
    page: int | None = None
    total: int = Field(ge=0)


DataT = TypeVar("DataT", bound=WireReply)


def read_data(client: VendorClient, reply: Reply, model: type[DataT]) -> DataT:
    """Return the answer's `data` as `model`.

    Raises:
        ProviderError: What the pair (HTTP status, code) means; see `CODES`, `STATUSES` and `Wire.refusal`.
    """
    if reply.ok and isinstance(reply.body, dict) and reply.body.get("code") == 0:
        return client.parse(model, reply.body.get("data"), reply)
    raise refusal(client, reply)


def refusal(client: VendorClient, reply: Reply) -> ProviderError:
    """Return the error an answer without usable data means."""
    said = _envelope(reply)
    if reply.http_status >= 500 or (said is None and reply.http_status != 429):
        return client.error_for(SendAmbiguous, reply, detail="no answer that can be read")
    if said is None:
        return client.error_for(ProviderRateLimited, reply, detail="too many requests")
    kind = CODES.get(said.code)
    if kind is None:
        # A 4xx with code 0 contradicts itself; so does a success with a code nobody has documented.
        kind = STATUSES.get(reply.http_status, SendAmbiguous) if said.code else SendAmbiguous
    return client.error_for(kind, reply, detail=said.message or "refused", wire_code=said.code)


def state_of(word: str, job_id: str) -> JobState:
    """Return what a status word means; an unknown one is watched on, with a warning."""
    state = STATES.get(word)
    if state is None:
        _LOG.warning("listenhub job %s has the unknown status %r; it is polled on", job_id, word[:40])
        return JobState.RUNNING
    return state


def job_failure(client: VendorClient, detail: str | None, code: int | None) -> ProviderError:
    """Return why a task failed. Only the voice page documents a reason, and only as prose: the code decides, if any."""
    kind = CODES.get(code, ProviderJobFailed) if code is not None else ProviderJobFailed
    said, wire_code = client.redact(detail or "the job failed, no reason given"), str(code or "")
    if kind is ProviderContentRefused:
        return ProviderContentRefused(provider=VENDOR, detail=said, wire_code=wire_code)
    return ProviderJobFailed(provider=VENDOR, detail=said, wire_code=wire_code, may_retry=not issubclass(kind, _FINAL))


def seconds_of(time: float) -> float:
    """Return a ListenHub time as unix seconds; the documents say milliseconds, the vendor's tools seconds."""
    return time / 1000 if time > _MILLISECONDS_FROM else time


def require_job(client: VendorClient, told: str, job_id: str) -> None:
    """Refuse an answer about another job than the one asked for.

    Raises:
        ProviderUnavailable: It is about another.
    """
    if told != job_id:
        raise ProviderUnavailable(provider=client.vendor, detail=f"asked for job {job_id}, was told of another")


def _envelope(reply: Reply) -> Envelope | None:
    """Return the answer's envelope if it has one; `code` may stand alone, its type may not be another."""
    body = reply.body
    if not isinstance(body, dict) or not isinstance(body.get("code"), int) or isinstance(body.get("code"), bool):
        return None
    message = body.get("message")
    return Envelope(code=body["code"], message=message if isinstance(message, str) else "")
