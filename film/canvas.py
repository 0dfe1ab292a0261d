"""The film's profile: one frame rate, one time base, one canvas a film. Time is integers; seconds only at the edges."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: Frames per second of every film.
FPS: Final = 24
#: Audio samples per second of every film.
SAMPLE_RATE: Final = 48_000
#: 48 000 / 24: an integer, so that a cut is exact in both streams.
SAMPLES_PER_FRAME: Final = SAMPLE_RATE // FPS
#: Ticks per second in every video part; one frame is 1000 ticks.
TIMESCALE: Final = 24_000


class Resolution(StrEnum):
    """The film's height class, as the request names it."""

    P480 = "480p"
    P720 = "720p"
    P1080 = "1080p"


class AspectRatio(StrEnum):
    """Width to height; the five ratios that every provider has."""

    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"
    CLASSIC = "4:3"
    PORTRAIT = "3:4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """Width and height in pixels; both even, pixels square."""

    width: int
    height: int


_SIZES: Final = {
    Resolution.P480: {"16:9": (854, 480), "9:16": (480, 854), "1:1": (480, 480), "4:3": (640, 480), "3:4": (480, 640)},
    Resolution.P720: {
        "16:9": (1280, 720),
        "9:16": (720, 1280),
        "1:1": (720, 720),
        "4:3": (960, 720),
        "3:4": (720, 960),
    },
    Resolution.P1080: {
        "16:9": (1920, 1080),
        "9:16": (1080, 1920),
        "1:1": (1080, 1080),
        "4:3": (1440, 1080),
        "3:4": (1080, 1440),
    },
}


def canvas_for(resolution: Resolution, ratio: AspectRatio) -> Canvas:
    """Return the film's picture size in pixels."""
    width, height = _SIZES[resolution][ratio]
    return Canvas(width=width, height=height)


def frames_of(seconds: int) -> int:
    """Return how many frames `seconds` whole seconds hold."""
    return seconds * FPS


def samples_of(frames: int) -> int:
    """Return how many audio samples `frames` frames hold."""
    return frames * SAMPLES_PER_FRAME
