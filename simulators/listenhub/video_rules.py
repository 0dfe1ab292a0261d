"""What ListenHub's AI video page allows, one named check a rule (LH-R1..LH-R23); shapes first, meaning after.

The page is "AI 视频": the table of models and limits, the section on `content`, the table of request parameters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import ValidationError

from simulators.listenhub.video_shapes import VideoRequest
from simulators.listenhub.wire import refusal
from simulators.world.errors import Refusal
from simulators.world.faults import Modes

INVALID: Final = 32004
AUDIO_REQUIRES_VISUAL: Final = 32006

FAST: Final = "doubao-seedance-2-fast"
PRO: Final = "doubao-seedance-2-pro"
HAPPYHORSE: Final = "happyhorse"
SEEDANCE: Final = frozenset({FAST, PRO})

SEEDANCE_TEXT_MAX: Final = 500
TEXT_MAX: Final = 2500
COMMON_RATIOS: Final = frozenset({"16:9", "4:3", "1:1", "3:4", "9:16", "21:9"})
ALL_RATIOS: Final = COMMON_RATIOS | {"4:5", "5:4"}
#: Whole seconds of output, lowest and highest ("模型与限制").
DURATION_S: Final = {FAST: (4, 15), PRO: (4, 15), HAPPYHORSE: (3, 15)}
#: Seconds of a reference video, lowest and highest ("输入内容").
INPUT_DURATION_S: Final = {FAST: (2, 15), PRO: (2, 15), HAPPYHORSE: (3, 60)}
RESOLUTIONS: Final = {FAST: {"480p", "720p"}, PRO: {"480p", "720p", "1080p"}, HAPPYHORSE: {"720p", "1080p"}}
SEED_MAX: Final = {FAST: 2**32 - 1, PRO: 2**32 - 1, HAPPYHORSE: 2**31 - 1}


class RuleName(StrEnum):
    """The rules of a video request, by the numbers of the project's page on wire contracts."""

    CONTENT_COUNT = "LH-R1"
    ONE_TEXT = "LH-R2"
    NINE_IMAGES = "LH-R3"
    THREE_VIDEOS = "LH-R4"
    THREE_AUDIOS = "LH-R5"
    SEEDANCE_TEXT = "LH-R6"
    TEXT_LENGTH = "LH-R7"
    FAST_1080P = "LH-R8"
    HAPPYHORSE_480P = "LH-R9"
    SEEDANCE_RATIO = "LH-R10"
    UNKNOWN_RATIO = "LH-R11"
    SEEDANCE_DURATION = "LH-R12"
    HAPPYHORSE_DURATION = "LH-R13"
    WHOLE_SECONDS = "LH-R14"
    LAST_NEEDS_FIRST = "LH-R15"
    ROLES_MIXED = "LH-R16"
    HAPPYHORSE_LAST_FRAME = "LH-R17"
    HAPPYHORSE_AUDIO = "LH-R18"
    AUDIO_ALONE = "LH-R19"
    VIDEO_DURATION_MISSING = "LH-R20"
    VIDEO_DURATION_RANGE = "LH-R21"
    ONE_FRAME_A_ROLE = "LH-R22"
    PIXEL_METADATA = "LH-R23"
    SEED_RANGE = "seed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: what it refuses, and the words and code of the refusal."""

    name: RuleName
    refuses: Callable[[VideoRequest], bool]
    message: str
    code: int = INVALID


def _outside(limits: tuple[int, int], value: Any) -> bool:
    return isinstance(value, int | float) and not limits[0] <= value <= limits[1]


#: In the order in which they are looked at; the first that refuses answers.
RULES: Final[Sequence[Rule]] = (
    Rule(RuleName.CONTENT_COUNT, lambda r: not 1 <= len(r.content) <= 16, "content takes 1-16 items"),
    Rule(RuleName.ONE_TEXT, lambda r: len(r.texts) > 1, "at most one text"),
    Rule(RuleName.NINE_IMAGES, lambda r: len(r.images) > 9, "at most 9 images"),
    Rule(RuleName.THREE_VIDEOS, lambda r: len(r.videos) > 3, "at most 3 videos"),
    Rule(RuleName.THREE_AUDIOS, lambda r: len(r.audios) > 3, "at most 3 audios"),
    Rule(
        RuleName.SEEDANCE_TEXT,
        lambda r: r.model in SEEDANCE and len(r.text) > SEEDANCE_TEXT_MAX,
        "seedance takes text of at most 500 characters",
    ),
    Rule(RuleName.TEXT_LENGTH, lambda r: len(r.text) > TEXT_MAX, "text takes at most 2500 characters"),
    Rule(RuleName.FAST_1080P, lambda r: (r.model, r.resolution) == (FAST, "1080p"), f"{FAST} has no 1080p"),
    Rule(
        RuleName.HAPPYHORSE_480P,
        lambda r: (r.model, r.resolution) == (HAPPYHORSE, "480p"),
        "happyhorse has no 480p",
    ),
    Rule(
        RuleName.SEEDANCE_RATIO,
        lambda r: r.model in SEEDANCE and r.ratio in ALL_RATIOS - COMMON_RATIOS,
        "seedance has no 4:5 and no 5:4",
    ),
    Rule(RuleName.UNKNOWN_RATIO, lambda r: r.ratio not in ALL_RATIOS, "unknown ratio"),
    Rule(RuleName.WHOLE_SECONDS, lambda r: type(r.duration) is not int, "duration must be an integer"),
    Rule(
        RuleName.SEEDANCE_DURATION,
        lambda r: r.model in SEEDANCE and _outside(DURATION_S[r.model], r.duration),
        "seedance makes 4-15 seconds",
    ),
    Rule(
        RuleName.HAPPYHORSE_DURATION,
        lambda r: r.model == HAPPYHORSE and _outside(DURATION_S[r.model], r.duration),
        "happyhorse makes 3-15 seconds",
    ),
    Rule(
        RuleName.LAST_NEEDS_FIRST,
        lambda r: bool(r.images_as("last_frame")) and not r.images_as("first_frame"),
        "last_frame needs first_frame",
    ),
    Rule(
        RuleName.ROLES_MIXED,
        lambda r: bool(r.frames) and r.references > 0,
        "frame roles and reference roles can't be mixed",
    ),
    Rule(
        RuleName.HAPPYHORSE_LAST_FRAME,
        lambda r: r.model == HAPPYHORSE and bool(r.images_as("last_frame")),
        "happyhorse has no last_frame",
    ),
    Rule(RuleName.HAPPYHORSE_AUDIO, lambda r: r.model == HAPPYHORSE and bool(r.audios), "happyhorse has no audio_url"),
    Rule(
        RuleName.AUDIO_ALONE,
        lambda r: bool(r.audios) and not r.images and not r.videos,
        "audio needs an image or a video",
        AUDIO_REQUIRES_VISUAL,
    ),
    Rule(
        RuleName.VIDEO_DURATION_MISSING,
        lambda r: bool(r.videos) and not r.inputVideoDuration,
        "video_url needs inputVideoDuration",
    ),
    Rule(
        RuleName.VIDEO_DURATION_RANGE,
        lambda r: bool(r.videos) and _outside(INPUT_DURATION_S[r.model], r.inputVideoDuration),
        "inputVideoDuration out of range",
    ),
    Rule(
        RuleName.ONE_FRAME_A_ROLE,
        lambda r: len(r.images_as("first_frame")) > 1 or len(r.images_as("last_frame")) > 1,
        "one first_frame and one last_frame",
    ),
    Rule(RuleName.SEED_RANGE, lambda r: not -1 <= r.seed <= SEED_MAX[r.model], "seed out of range"),
)


def _lacks_metadata(request: VideoRequest) -> bool:
    """Tell whether a remote image has no usable width and height beside it (ratio (0.4, 2.5), sides 300..6000)."""
    remote = [part for part in request.images if part.image_url.url.startswith("http")]
    if request.model not in SEEDANCE or not remote:
        return False
    sizes: list[tuple[Any, Any]] = [
        (part.image_url.width, part.image_url.height) for part in remote if part.image_url.width is not None
    ]
    sizes += [(entry.get("width"), entry.get("height")) for entry in request.referenceImages]
    return len(sizes) < len(remote) or any(not _legal_picture(width, height) for width, height in sizes)


def _legal_picture(width: Any, height: Any) -> bool:
    if not isinstance(width, int) or not isinstance(height, int):
        return False
    return min(width, height) >= 300 and max(width, height) <= 6000 and 0.4 < width / height < 2.5


PIXEL_METADATA: Final = Rule(RuleName.PIXEL_METADATA, _lacks_metadata, "referenceImages metadata is required")


def check_video(body: dict[str, Any], modes: Modes) -> VideoRequest:
    """Return the request a body asks for.

    Raises:
        Refusal: A field has the wrong type or a rule is broken; the message ends with the rule's name.
    """
    try:
        request = VideoRequest.model_validate(body)
    except ValidationError as error:
        raise invalid(error) from error
    for rule in (*RULES, PIXEL_METADATA):
        if rule.name is RuleName.SEEDANCE_TEXT and modes.lh_r6_truncate:
            continue
        if rule.name is RuleName.PIXEL_METADATA and not modes.lh_r23:
            continue
        if rule.refuses(request):
            raise refusal(400, rule.code, f"Invalid parameters: {rule.message} [{rule.name.value}]")
    return request


def invalid(error: ValidationError, code: int = INVALID) -> Refusal:
    """Return the refusal of a body of the wrong shape."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return refusal(400, code, f"Invalid parameters: {place}: {first['msg']}")
