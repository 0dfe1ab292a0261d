"""vibegen: the create request with every documented field, its rules VG-R1..VG-R6 as a table, and the callback.

Rules VG-R7..VG-R9 (ten minutes, rates, a day's life) can only be kept by the vendor's side.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from providers.http.messages import WireReply, WireRequest
from providers.rules import Rule

MODEL: Final = "seedance 2.0"
PROMPT_CHARACTERS_MAX: Final = 2000
_RATIOS: Final = frozenset({"16:9", "9:16", "1:1", "21:9", "4:3", "3:4", "9:21", "adaptive", "keep_ratio"})


#: Credits per clip by resolution, seconds, own sound (section 7).
PRICES: Final[Mapping[tuple[str, int, bool], Decimal]] = {
    (resolution, seconds, sound): Decimal(price)
    for resolution, seconds, silent, voiced in (
        ("480p", 5, 15, 20),
        ("720p", 5, 30, 43),
        ("1080p", 5, 50, 90),
        ("480p", 10, 25, 40),
        ("720p", 10, 45, 86),
        ("1080p", 10, 100, 180),
    )
    for sound, price in ((False, silent), (True, voiced))
}


class CreateRequest(WireRequest):
    """`POST /generations`: every field of the document's table."""

    model: str
    prompt: str
    image_urls: tuple[str, ...] | None = None
    duration: int | float | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    generate_audio: bool | None = None
    callback_url: str | None = None


RULES: Final[tuple[Rule[CreateRequest], ...]] = (
    Rule("VG-R1", "model and prompt are given", lambda r: r.model == MODEL and bool(r.prompt.strip())),
    Rule("VG-R2", "the prompt has at most 2000 characters", lambda r: len(r.prompt) <= PROMPT_CHARACTERS_MAX),
    Rule("VG-R3", "the duration is 5 or 10 s", lambda r: r.duration in {None, 5, 10}),
    Rule("VG-R4", "the ratio is listed", lambda r: r.aspect_ratio is None or r.aspect_ratio in _RATIOS),
    Rule("VG-R5", "the resolution is listed", lambda r: r.resolution in {None, "480p", "720p", "1080p"}),
    Rule("VG-R6", "image_urls is left out or not empty", lambda r: r.image_urls is None or len(r.image_urls) > 0),
)


class Callback(WireReply):
    """What vibegen posts to a callback_url. It is unsigned: a hint to look at the task, never a fact."""

    event: Literal["task.completed", "task.failed"]
    task_id: str
    status: str
    video_url: str | None = None
    error_message: str | None = None
    created_at: datetime
    completed_at: datetime | None = None
    failed_at: datetime | None = None
