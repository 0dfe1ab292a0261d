"""What this program asks of any vendor. One port serves everything that is paid for: clips, images, voices, music.

An adapter speaks one vendor's wire and knows no film. Its `submit` sends exactly one paid POST and never repeats it;
what it raises tells the paid-POST protocol (purchasing/buy) all it may conclude:

* ProviderRateLimited, ProviderBusy, ProviderUnavailable - nothing was created, the same order may be sent later
* ProviderRejected, ProviderContentRefused, ProviderKeyRefused, ProviderOutOfCredits - nothing was created, final
* SendAmbiguous - it may or may not have been created (timeout, reset, 5xx, an answer that can't be read)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from film.errors import ProviderError
from film.job_specs import JobSpec
from film.plan import Slot
from film.storyboard import ScriptLimits, Storyboard


class JobState(StrEnum):
    """What a job's vendor says of it, in this program's three words."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """One look at a job. Vendor credits are that vendor's own currency; None = the vendor doesn't say."""

    job_id: str
    state: JobState
    #: Where the file lies, once it succeeded; ask again for a fresh URL, never store it.
    file_url: str | None = None
    #: Why it failed; its class says whether a new attempt is worth it (`ProviderJobFailed.may_retry`).
    failure: ProviderError | None = None
    charged: Decimal | None = None
    refunded: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """A job from the vendor's list that may be ours. `created_at_s` is the vendor's own clock, unix seconds."""

    job_id: str
    created_at_s: float


OrderT_contra = TypeVar("OrderT_contra", bound=JobSpec, contravariant=True)


class JobVendor(Protocol[OrderT_contra]):
    """A vendor's model that makes files from orders."""

    @property
    def vendor(self) -> str:
        """Who is paid: one currency and one key."""

    @property
    def model(self) -> str:
        """The model, as the vendor names it; with `vendor` the key of the rate limit."""

    @property
    def can_list(self) -> bool:
        """Whether a lost job can be looked for (`find_candidates`)."""

    async def estimate(self, spec: OrderT_contra) -> Decimal:
        """Return what the vendor would charge, in its own currency; asking costs nothing.

        Raises:
            ProviderError: It can't be told now.
        """

    async def submit(self, spec: OrderT_contra, *, nonce: int) -> str:
        """Send one paid POST and return the vendor's job id. See the module's words for what it raises."""

    async def get_job(self, job_id: str) -> JobStatus:
        """Look at a job once.

        Raises:
            ProviderUnavailable: It can't be asked just now; ask again.
            ProviderJobUnknown: The vendor doesn't know the id.
        """

    async def find_candidates(self, spec: OrderT_contra, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        """Read the vendor's list once, completely, back to jobs older than `since_s` (unix seconds).

        Returns:
            The jobs that may be this order's with this nonce, oldest first.

        Raises:
            ProviderUnavailable: The list could not be read to that point; nothing may be concluded.
        """

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Download the job's file whole to `into` (size-capped, length checked, no ffmpeg, egress guard).

        Raises:
            ProviderUnavailable: It could not be read now; look at the job again and retry.
            ClipRejected: It is larger than any film part may be, or not the length that was announced.
        """


@runtime_checkable
class JobList(Protocol):
    """What a `JobVendor` also is whose vendor lists all of the key's jobs; the audit reads it."""

    @property
    def list_name(self) -> str:
        """Which list it is: models that share one have the same name here."""

    async def jobs(self, *, since_s: float) -> Sequence[ListedJob]:
        """Read the list once, completely, and return the jobs created since `since_s` (unix seconds), oldest first.

        Raises:
            ProviderUnavailable: The list could not be read to that point.
        """


class Storage(Protocol):
    """Where a vendor can read a file of ours."""

    async def upload(self, file: Path, *, content_type: str) -> str:
        """Upload a file and return the URL the vendor reads it at.

        Raises:
            ProviderUnavailable: It could not be uploaded now.
            ProviderRejected: The vendor won't take it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What the writer is told: the customer's words and the slots it has to fill."""

    prompt: str
    language: str
    aspect_ratio: str
    plan: Sequence[Slot]
    limits: ScriptLimits
    narration: bool


class Writer(Protocol):
    """Writes the film."""

    async def write(self, brief: Brief) -> Storyboard:
        """Return a storyboard that fits the brief (checked, after at most two repair turns).

        Raises:
            ScriptRefused: The model declined.
            ScriptInvalid: It could not be made to fit.
            ProviderUnavailable: The model could not be reached after its retries.
        """

    async def shorten(self, text: str, *, characters_max: int, language: str) -> str:
        """Return the line of narration said in fewer characters.

        Raises:
            ScriptInvalid: It would not get shorter.
            ProviderUnavailable: The model could not be reached after its retries.
        """


class Judge(Protocol):
    """Judges whether the film may be made."""

    async def judge(self, prompt: str, storyboard: Storyboard) -> None:
        """Return if it may be made.

        Raises:
            ModerationRejected: It may not.
            ModerationUnavailable: Nobody could judge it (fail closed).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A voice that can be asked for by name."""

    voice_id: str
    name: str
    language: str
    gender: str


class Voices(Protocol):
    """The voices on offer."""

    async def speakers(self, language: str | None = None) -> Sequence[Speaker]:
        """Return the published voices, of one language if named.

        Raises:
            ProviderUnavailable: The list can't be read now.
        """


class Account(Protocol):
    """The operator's account at a vendor."""

    async def credits_available(self) -> Decimal | None:
        """Ask something that costs nothing: the vendor is reachable and knows the key.

        Returns:
            What is left, in the vendor's currency; None if it never says.

        Raises:
            ProviderUnavailable: It can't be asked now.
            ProviderKeyRefused: The key is unknown.
        """
