"""Whatever a vendor's clip is like, its part has the planned frames and samples, one profile, its pictures in time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from film.canvas import Canvas
from film.errors import DeliverableRejected
from media.command import run_ffmpeg
from media.conform import conform
from media.gate import gate_clip
from media.mix import mix
from media.mux import mux
from media.part import Part
from media.pcm import read_wav, wav_samples
from media.probe import look, probe
from media.verify import verify_film

from .conftest import PICTURE, SOUND, MakeClip
from .pictures import counting, numbers

SECONDS = 2
FRAMES = 48


def film(rate: str = "24", *, frames: int | None = None, size: str = "320x180", more: str = "") -> str:
    return counting(rate, round(SECONDS * eval_rate(rate)) if frames is None else frames, size) + more


def eval_rate(rate: str) -> float:
    above, _, below = rate.partition("/")
    return float(above) / float(below or 1)


H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1", *SOUND)
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


OddPart = Callable[[str], Awaitable[tuple[Path, Part]]]


async def conformed(clip: Path, canvas: Canvas, folder: Path) -> Part:
    gate_clip(clip, kept_s=SECONDS)
    return await conform(clip, canvas=canvas, frames=FRAMES, into=folder / "part")


def check_profile(part: Part, canvas: Canvas) -> None:
    facts, seen = probe(part.picture), look(part.picture)
    assert (facts.packets, facts.frames, facts.duration_s) == (FRAMES, FRAMES, SECONDS)
    assert (facts.codec, facts.codec_tag, seen.pix_fmt) == ("h264", "avc1", "yuv420p")
    assert (facts.width, facts.height, seen.sample_aspect, seen.rotation) == (canvas.width, canvas.height, 1, 0)
    assert (seen.color_range, seen.matrix, seen.primaries, seen.transfer) == (1, 1, 1, 1)
    assert facts.audio is None
    assert wav_samples(part.sound) == FRAMES * 2000
    assert len(numbers(part.picture)) == FRAMES


@pytest.fixture(scope="module")
async def profile(make_clip: MakeClip, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The extradata of a plain clip's part: every other part must have the same."""
    clip = await make_clip(picture=film(), sound=None)
    part = await conformed(clip, Canvas(width=320, height=180), tmp_path_factory.mktemp("plain"))
    return part.extradata_sha256


@pytest.fixture(scope="module")
def odd_part(make_clip: MakeClip, tmp_path_factory: pytest.TempPathFactory) -> OddPart:
    """Return a function that gives an oddity's clip and its part, made once."""
    made: dict[str, tuple[Path, Part]] = {}

    async def one(name: str) -> tuple[Path, Part]:
        if name not in made:
            odd = ODD[name]
            clip = await make_clip(*odd.args, picture=odd.picture, sound=odd.sound, encoder=odd.encoder)
            part = await conformed(clip, Canvas(width=320, height=180), tmp_path_factory.mktemp("odd"))
            made[name] = clip, part
        return made[name]

    return one


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_clip_becomes_an_exact_part(name: str, odd_part: OddPart, canvas: Canvas, profile: str) -> None:
    odd, (_, part) = ODD[name], await odd_part(name)
    check_profile(part, canvas)
    assert part.extradata_sha256 == profile
    wanted = [min(at * odd.rate / 24, odd.last) for at in range(FRAMES)]
    shown = numbers(part.picture, share=odd.share)
    if odd.rate == 24:
        assert shown == wanted
    # A source frame stands until the next one begins; either moment may be off by half of the part's frames.
    off = [a - b for a, b in zip(shown, wanted, strict=True)]
    assert -1 - odd.rate / 48 < min(off), shown
    assert max(off) <= odd.rate / 48, shown


async def test_all_oddities_together_make_one_exact_film(odd_part: OddPart, canvas: Canvas, tmp_path: Path) -> None:
    """And the same clips, joined as they are by a plain copy, are rejected although ffmpeg says nothing."""
    made = [await odd_part(name) for name in ODD]
    clips, parts = [clip for clip, _ in made], [part for _, part in made]
    frames = FRAMES * len(parts)
    native = [(part.sound, index * FRAMES * 2000) for index, part in enumerate(parts)]
    mixed = await mix(frames=frames, narration=[], music=None, native=native, into=tmp_path / "film.m4a")
    film = tmp_path / "film.mp4"
    wanted = {"frames": frames, "canvas": canvas, "captions": None, "label_id": "vid_1"}
    await mux(
        picture=[part.picture for part in parts],
        sound=mixed.sound,
        subtitles=None,
        language="und",
        label={"Label": "1", "ProduceID": "vid_1"},
        title="odd",
        into=film,
    )
    verify_film(film, **wanted, sound=mixed, decode=True)
    apart = [number for part in parts for number in numbers(part.picture)]
    assert numbers(film) == apart
    naive = await copy_joined(clips, tmp_path)
    with pytest.raises(DeliverableRejected):
        verify_film(naive, **wanted)


async def copy_joined(clips: list[Path], folder: Path) -> Path:
    listing, film = folder / "list.txt", folder / "naive.mp4"
    listing.write_text("".join(f"file '{clip}'\n" for clip in clips))
    tags = ["-movflags", "+faststart+use_metadata_tags", "-metadata", 'AIGC={"Label":"1","ProduceID":"vid_1"}']
    source = ["-f", "concat", "-safe", "0", "-i", listing]
    await run_ffmpeg([*source, "-c", "copy", "-video_track_timescale", "24000", *tags, film], deadline_s=60)
    return film


@pytest.mark.parametrize("name", ["short sound", "long sound", "mono 22 kHz", "no sound"])
async def test_the_sound_lasts_as_long_as_the_clip_had_some(name: str, odd_part: OddPart) -> None:
    level = np.abs(read_wav((await odd_part(name))[1].sound).astype(int)).max(axis=1)
    heard_s = {"short sound": 0.7, "long sound": 2.0, "mono 22 kHz": 2.0, "no sound": 0.0}[name]
    last = np.flatnonzero(level > 300)
    assert (last[-1] / 48_000 if len(last) else 0.0) == pytest.approx(heard_s, abs=0.04)


async def test_an_edit_list_is_honoured(
    make: MakeClip, make_clip: MakeClip, canvas: Canvas, tmp_path: Path, profile: str
) -> None:
    """A copy cut between key frames shows fewer pictures than it has packets; only those shown may come out."""
    whole = await make_clip(
        "-g", "24", picture=film(frames=80), sound="sine=330:d=3.4", encoder=(*PICTURE, "-bf", "2", *SOUND)
    )
    cut = await make("-ss", "0.75", "-i", whole, "-c", "copy", "-avoid_negative_ts", "disabled")
    facts = probe(cut)
    assert facts.packets > facts.frames  # else this test shows nothing
    part = await conformed(cut, canvas, tmp_path)
    check_profile(part, canvas)
    assert part.extradata_sha256 == profile
    assert numbers(part.picture) == list(range(18, 18 + FRAMES))


async def test_a_variable_frame_rate_keeps_its_times(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    source = film("30") + ",select='not(eq(mod(n,7),3)+between(n,20,26))'"
    clip = await make_clip("-fps_mode", "vfr", picture=source, encoder=(*PICTURE, *SOUND))
    with av.open(str(clip)) as container:
        times = sorted(float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.size)
    kept = [n for n in range(60) if not (n % 7 == 3 or 20 <= n <= 26)]
    part = await conformed(clip, canvas, tmp_path)
    for frame, number in enumerate(numbers(part.picture)):
        near = [n for n, time in zip(kept, times, strict=True) if time <= frame / 24 + 1 / 48 + 1e-6]
        assert number == near[-1], frame


async def test_a_skipped_first_frame_takes_its_sound_along(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    click = "aevalsrc='if(between(n,4800,4899),0.8,0)':s=48000:d=2.1"
    clip = await make_clip(picture=film(frames=49), sound=click, encoder=(*PICTURE, "-c:a", "flac", "-strict", "-2"))
    plain = await conform(clip, canvas=canvas, frames=FRAMES, into=tmp_path / "plain")
    skipped = await conform(clip, canvas=canvas, frames=FRAMES, into=tmp_path / "skipped", skip_frames=1)
    assert numbers(skipped.picture) == list(range(1, FRAMES + 1))
    assert (read_wav(skipped.sound)[:-2000] == read_wav(plain.sound)[2000:]).all()
    assert read_wav(plain.sound).max() > 10_000
