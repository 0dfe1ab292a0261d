"""The odd clips of the media tests: what vendors' files may be like, and what must come of each."""

from dataclasses import dataclass
from pathlib import Path

from film.canvas import Canvas
from media.ingest.probe import probe, read_picture_format
from media.ingest.validate import validate_clip
from media.picture.conform import conform
from media.picture.part import Part
from media.sound.pcm import wav_samples

from .conftest import PICTURE, SOUND
from .pictures import counting, numbers

SECONDS = 2
FRAMES = 48


def film(rate: str = "24", *, frames: int | None = None, size: str = "320x180", more: str = "") -> str:
    return counting(rate, round(SECONDS * eval_rate(rate)) if frames is None else frames, size) + more


def eval_rate(rate: str) -> float:
    above, _, below = rate.partition("/")
    return float(above) / float(below or 1)


H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1", *SOUND)
#: Open GOPs: behind each CRA picture some are shown before it that lean on the GOP before (leading pictures).
LEADING = (*H265[:4], "-x265-params", "log-level=error:open-gop=1:keyint=12:bframes=4:scenecut=0", "-tag:v", "hvc1")
LEADING += ("-pix_fmt", "yuv420p", *SOUND)
AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "fast-decode=1", *SOUND)

TONE = "sine=330:r=44100:d=2"


@dataclass(frozen=True, kw_only=True)
class Odd:
    """One vendor's oddity: how its file is made, and which source frame stands in the part's frame `n`."""

    picture: str = film()
    sound: str | None = TONE
    args: tuple[str, ...] = ()
    encoder: tuple[str, ...] = (*PICTURE, *SOUND)
    rate: float = 24
    last: int = 47
    #: The picture's share of the canvas's width.
    share: float = 1.0


ODD = {
    # as ordered
    "24 fps": Odd(),
    # frame rates that must be resampled
    "25 fps": Odd(picture=film("25"), rate=25, last=49),
    "30 fps": Odd(picture=film("30"), rate=30, last=59),
    "29.97 fps": Odd(picture=film("30000/1001"), rate=30000 / 1001, last=59),
    "23.976 fps": Odd(picture=film("24000/1001"), rate=24000 / 1001, last=47),
    "16 fps": Odd(picture=film("16"), rate=16, last=31),
    "60 fps": Odd(picture=film("60"), rate=60, last=119),
    # shapes
    "480p 4:3": Odd(picture=film(size="640x480"), share=3 / 4),
    "portrait": Odd(picture=film(size="180x320"), share=(9 / 16) ** 2),
    "nearly the canvas's shape": Odd(picture=film(size="1248x704")),
    "pixels 4:3": Odd(picture=film(size="240x180", more=",setsar=4/3")),
    # sound
    "no sound": Odd(sound=None),
    "mono 22 kHz": Odd(args=("-ac", "1", "-ar", "22050")),
    "48 kHz 5.1": Odd(args=("-ac", "6", "-ar", "48000")),
    "short sound": Odd(sound="sine=330:r=44100:d=0.7"),
    "long sound": Odd(sound="sine=330:r=44100:d=4"),
    # codecs and their structures
    "hevc": Odd(encoder=H265),
    "hevc, leading pictures": Odd(encoder=LEADING),
    "hevc 10 bit": Odd(encoder=H265, args=("-pix_fmt", "yuv420p10le")),
    "av1": Odd(encoder=AV1),
    "8 B-frames": Odd(args=("-preset", "medium", "-bf", "8", "-b_strategy", "2")),
    "open GOP": Odd(args=("-preset", "medium", "-x264-params", "open-gop=1:keyint=12:bframes=3")),
    "yuv444": Odd(args=("-pix_fmt", "yuv444p")),
    # length
    "one frame too many": Odd(picture=film(frames=49)),
    "one frame missing": Odd(picture=film(frames=47), last=46),
    "two frames missing": Odd(picture=film(frames=46), last=45),
    # containers
    "90 kHz time base": Odd(args=("-video_track_timescale", "90000")),
    "no edit list": Odd(args=("-preset", "medium", "-use_editlist", "0")),
    "faststart": Odd(args=("-movflags", "+faststart")),
    "fragmented": Odd(args=("-preset", "medium", "-movflags", "+frag_keyframe+empty_moov")),
}


async def conformed(clip: Path, canvas: Canvas, folder: Path) -> Part:
    validate_clip(clip, kept_s=SECONDS)
    return await conform(clip, canvas=canvas, frames=FRAMES, into=folder / "part")


def check_profile(part: Part, canvas: Canvas) -> None:
    facts, seen = probe(part.picture), read_picture_format(part.picture)
    assert (facts.packets, facts.frames, facts.duration_s) == (FRAMES, FRAMES, SECONDS)
    assert (facts.codec, facts.codec_tag, seen.pix_fmt) == ("h264", "avc1", "yuv420p")
    assert (facts.width, facts.height, seen.sample_aspect, seen.rotation) == (canvas.width, canvas.height, 1, 0)
    assert (seen.color_range, seen.matrix, seen.primaries, seen.transfer) == (1, 1, 1, 1)
    assert facts.audio is None
    assert wav_samples(part.sound) == FRAMES * 2000
    assert len(numbers(part.picture)) == FRAMES
