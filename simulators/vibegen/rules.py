"""What vibegen's create takes, one named check a rule (VG-R1..VG-R6); windows and time-outs belong to the books.

The document is "AI Video API": section 1 for the parameters, section 7 for prices, section 8 for limits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from simulators.vibegen.wire import refusal

MODEL: Final = "seedance 2.0"
PROMPT_MAX: Final = 2000
RATIOS: Final = ("16:9", "9:16", "1:1", "21:9", "4:3", "3:4", "9:21", "adaptive", "keep_ratio")
RESOLUTIONS: Final = ("480p", "720p", "1080p")
#: Credits of a silent and of a voiced clip, by resolution and seconds (section 7).
PRICES: Final[Mapping[tuple[str, int], tuple[int, int]]] = {
    ("480p", 5): (15, 20),
    ("720p", 5): (30, 43),
    ("1080p", 5): (50, 90),
    ("480p", 10): (25, 40),
    ("720p", 10): (45, 86),
    ("1080p", 10): (100, 180),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A legal request with the document's defaults filled in."""

    prompt: str
    image_urls: tuple[str, ...]
    duration_s: int
    aspect_ratio: str
    resolution: str
    generate_audio: bool
    callback_url: str | None

    @property
    def price(self) -> int:
        """What it costs, in the vendor's credits."""
        return PRICES[self.resolution, self.duration_s][self.generate_audio]


class RuleName(StrEnum):
    """The rules, by the numbers of the project's page on wire contracts."""

    REQUIRED = "VG-R1"
    MODEL = "model"
    PROMPT_LENGTH = "VG-R2"
    DURATION = "VG-R3"
    RATIO = "VG-R4"
    RESOLUTION = "VG-R5"
    IMAGES = "VG-R6"
    AUDIO = "generate_audio"
    CALLBACK = "callback_url"


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of a raw body: what it refuses and in which words."""

    name: RuleName
    refuses: Callable[[Mapping[str, Any]], bool]
    message: str


def _missing(body: Mapping[str, Any], name: str) -> bool:
    return not isinstance(body.get(name), str) or not body[name].strip()


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _bad_images(body: Mapping[str, Any]) -> bool:
    urls = body.get("image_urls")
    return urls is not None and (not isinstance(urls, list) or not urls or not all(map(_is_url, urls)))


def _no_whole(value: Any, allowed: tuple[int, ...]) -> bool:
    return isinstance(value, bool) or not isinstance(value, int | float) or value not in allowed


#: In the order in which they are looked at; the first that refuses answers.
RULES: Final[Sequence[Rule]] = (
    Rule(
        RuleName.REQUIRED,
        lambda b: _missing(b, "model") or _missing(b, "prompt"),
        "Missing required parameters: model, prompt",
    ),
    Rule(RuleName.MODEL, lambda b: b["model"] != MODEL, "Unknown model"),
    Rule(RuleName.PROMPT_LENGTH, lambda b: len(b["prompt"]) > PROMPT_MAX, "prompt exceeds 2000 characters"),
    Rule(RuleName.DURATION, lambda b: _no_whole(b.get("duration", 5), (5, 10)), "duration must be 5 or 10"),
    Rule(RuleName.RATIO, lambda b: b.get("aspect_ratio", "16:9") not in RATIOS, "unsupported aspect_ratio"),
    Rule(RuleName.RESOLUTION, lambda b: b.get("resolution", "480p") not in RESOLUTIONS, "unsupported resolution"),
    Rule(RuleName.IMAGES, _bad_images, "image_urls must be a non-empty array of URLs"),
    Rule(
        RuleName.AUDIO,
        lambda b: not isinstance(b.get("generate_audio", False), bool),
        "generate_audio must be a boolean",
    ),
    Rule(
        RuleName.CALLBACK,
        lambda b: b.get("callback_url") is not None and not _is_url(b["callback_url"]),
        "callback_url must be a URL",
    ),
)


def check_generation(body: Mapping[str, Any]) -> GenerationRequest:
    """Return the request a body asks for.

    Raises:
        Refusal: A rule is broken; the message ends with the rule's name.
    """
    for rule in RULES:
        if rule.refuses(body):
            raise refusal(400, f"{rule.message} [{rule.name.value}]")
    return GenerationRequest(
        prompt=body["prompt"],
        image_urls=tuple(body.get("image_urls") or ()),
        duration_s=int(body.get("duration", 5)),
        aspect_ratio=body.get("aspect_ratio", "16:9"),
        resolution=body.get("resolution", "480p"),
        generate_audio=body.get("generate_audio", False),
        callback_url=body.get("callback_url"),
    )
