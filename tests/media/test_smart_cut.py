"""A clip that already fits the film keeps its packets, bit for bit; a frame too many costs an encode of a few."""

from pathlib import Path

import pytest

from film.canvas import Canvas, samples_of
from film.cues import Cue
from media.command import run_ffmpeg
from media.film.join import join, nonconforming_parts
from media.film.mux import mux
from media.film.verify import verify_film
from media.ingest.probe import read_picture_format
from media.mp4.boxes import colours
from media.picture.conform import conform
from media.picture.overlay import Overlay
from media.picture.part import Mode, Part, read_part
from media.picture.thumbnails import match_keyframes
from media.sound.mix import mix
from media.sound.pcm import wav_samples
from media.text.subtitles import ass

from .conftest import MakeClip
from .pictures import counting, numbers

SOUND = ("-c:a", "aac", "-b:a", "96k")
#: One IDR and a pyramid of B-frames, three between any two others: where a cut falls is then known.
X264 = ("-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", "-sc_threshold", "0")
X264 += ("-bf", "3", "-b_strategy", "0", "-colorspace", "bt709")


def clip_of(frames: int, *, rate: str = "24", size: str = "320x180") -> str:
    return counting(rate, frames, size) + ",noise=alls=6:allf=t"


async def pictures(path: Path) -> list[bytes]:
    """A digest of each shown picture, and the proof that nothing was complained about."""
    report = await run_ffmpeg(
        ["-i", path, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"], deadline_s=30
    )
    assert report.stderr_tail == ""
    return [line.split(b",")[-1] for line in report.stdout.splitlines() if not line.startswith(b"#")]


#: name -> (encoder arguments, frames in the clip, frames kept, how)
FITTING = {
    "just right": ((), 48, 48, Mode.COPIED),
    "one too many": ((), 49, 48, Mode.PREFIX_CUT),
    "half a second too many": ((), 60, 48, Mode.PREFIX_CUT),
    "one too many, no B-frames": (("-bf", "0"), 49, 48, Mode.COPIED),
    "one too many, 8 B-frames": (("-bf", "8", "-b_strategy", "2"), 49, 48, Mode.PREFIX_CUT),
    "one too many, open GOP": (("-x264-params", "open-gop=1:keyint=12"), 49, 48, Mode.PREFIX_CUT),
    "one too many, closed GOPs": (("-g", "12"), 49, 48, Mode.COPIED),
    "tagged": (("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"), 49, 48, Mode.PREFIX_CUT),
    "main profile": (("-profile:v", "main"), 49, 48, Mode.PREFIX_CUT),
    "90 kHz": (("-video_track_timescale", "90000"), 49, 48, Mode.PREFIX_CUT),
    "coarse time base": (("-video_track_timescale", "1000"), 49, 48, Mode.PREFIX_CUT),
    "no edit list": (("-use_editlist", "0"), 49, 48, Mode.PREFIX_CUT),
    # key frames after the first that are none: each picture refreshes a stripe
    "intra refresh": (("-x264-params", "intra-refresh=1:keyint=12"), 49, 48, Mode.PREFIX_CUT),
}


@pytest.mark.parametrize("name", FITTING)
async def test_a_fitting_clip_keeps_its_pictures(
    name: str, make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    args, held, kept, how = FITTING[name]
    clip = await make_clip(*args, picture=clip_of(held), sound="sine=d=3", encoder=(*X264, *SOUND))
    part = await conform(clip, canvas=canvas, frames=kept, into=tmp_path / "part", may_copy=True)
    assert part.mode is how
    assert numbers(part.picture) == list(range(kept))
    assert wav_samples(part.sound) == samples_of(kept)
    assert read_part(tmp_path / "part") == part
    original, found = await pictures(clip), await pictures(part.picture)
    assert match_keyframes(part.picture, [part]) >= 1
    same = sum(a == b for a, b in zip(original, found, strict=False))
    assert same == kept if part.mode is Mode.COPIED else kept - 9 <= same < kept


WORDS = ass(
    [Cue(segment=0, text="drawn", start_sample=0, end_sample=48_000)],
    language="en",
    canvas=Canvas(width=320, height=180),
    start_sample=0,
    samples=96_000,
)
#: What must be encoded, and why copying it would be wrong: (lavfi picture, encoder arguments, conform arguments)
UNFIT = {
    "another frame rate": (clip_of(50, rate="25"), (), {}),
    "another size": (clip_of(48, size="640x360"), (), {}),
    "another codec": (clip_of(48), ("-c:v", "libx265", "-x265-params", "log-level=error", "-tag:v", "hvc1"), {}),
    "other pixels": (clip_of(48), ("-pix_fmt", "yuv444p"), {}),
    "full range": (clip_of(48), ("-color_range", "pc"), {}),
    # players read it as BT.601, so its colours must be converted
    "untagged and small": (clip_of(48), ("-colorspace", "2"), {}),
    "BT.601": (clip_of(48), ("-colorspace", "smpte170m"), {}),
    "pixels not square": (clip_of(48) + ",setsar=4/3", (), {}),
    "parameter sets inside": (clip_of(48), ("-x264-params", "repeat-headers=1"), {}),
    "two slots of sets": (clip_of(48), ("-x264-params", "sps-id=1"), {}),
    "something drawn": (clip_of(48), (), {"overlay": Overlay(captions=WORDS)}),
    "first frame skipped": (clip_of(49), (), {"skip_frames": 1}),
    "not allowed": (clip_of(48), (), {"may_copy": False}),
}


@pytest.mark.parametrize("name", UNFIT)
async def test_what_does_not_fit_is_encoded(name: str, make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    picture, args, wish = UNFIT[name]
    clip = await make_clip(*args, picture=picture, sound=None, encoder=(*X264, *SOUND))
    wanted = {"canvas": canvas, "frames": 48, "into": tmp_path / "part", "may_copy": True} | wish
    part = await conform(clip, **wanted)
    assert part.mode is Mode.ENCODED
    assert len(numbers(part.picture)) == 48


async def test_a_variable_frame_rate_is_encoded(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    picture = clip_of(64) + ",select='not(between(n,20,22))'"
    clip = await make_clip("-fps_mode", "vfr", picture=picture, sound=None, encoder=(*X264, *SOUND))
    part = await conform(clip, canvas=canvas, frames=48, into=tmp_path / "part", may_copy=True)
    assert part.mode is Mode.ENCODED


async def test_a_picture_that_begins_late_is_encoded(
    make: MakeClip, make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """Half a second after its sound: the first picture stands until then, which no packet of the clip shows."""
    clip = await make_clip(picture=clip_of(48), sound="sine=d=3", encoder=(*X264, *SOUND))
    late = await make("-itsoffset", "0.5", "-i", clip, "-i", clip, "-map", "0:v", "-map", "1:a", "-c", "copy")
    part = await conform(late, canvas=canvas, frames=48, into=tmp_path / "part", may_copy=True)
    assert part.mode is Mode.ENCODED
    assert numbers(part.picture) == [0] * 12 + list(range(36))
    assert match_keyframes(part.picture, [part]) == 1


async def copied_parts(make_clip: MakeClip, canvas: Canvas, folder: Path) -> list[Part]:
    parts = []
    for index, held in enumerate((49, 48, 60, 49, 50)):
        clip = await make_clip(picture=clip_of(held), sound="sine=d=3", encoder=(*X264, *SOUND))
        into = folder / f"part{index}"
        parts.append(await conform(clip, canvas=canvas, frames=48, into=into, may_copy=True))
    return parts


async def test_a_film_of_copied_parts_is_exact(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """Cut and whole parts share one extradata; joined, every frame is there once, in order, and ffmpeg is silent."""
    parts = await copied_parts(make_clip, canvas, tmp_path)
    assert {part.mode for part in parts} == {Mode.COPIED, Mode.PREFIX_CUT}
    assert nonconforming_parts(parts) == ()
    native = [(part.sound, index * samples_of(48)) for index, part in enumerate(parts)]
    mixed = await mix(frames=240, narration=[], music=None, native=native, into=tmp_path / "film.m4a")
    film = tmp_path / "film.mp4"
    await mux(
        picture=[part.picture for part in parts],
        sound=mixed.sound,
        subtitles=None,
        language="en",
        label={"Label": "1", "ProduceID": "vid_1"},
        title="copied",
        into=film,
    )
    verify_film(film, frames=240, canvas=canvas, captions=None, label_id="vid_1", decode=True)
    assert numbers(film) == list(range(48)) * 5
    apart = [digest for part in parts for digest in await pictures(part.picture)]
    assert await pictures(film) == apart


async def test_one_odd_clip_sends_all_copied_parts_to_the_encoder(
    make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """Two vendors' streams can't be one; once the copied parts are encoded too, they can."""
    fitting = await make_clip(picture=clip_of(49), sound=None, encoder=(*X264, *SOUND))
    others = await make_clip("-refs", "5", picture=clip_of(49), sound=None, encoder=(*X264, *SOUND))
    odd = await make_clip(picture=clip_of(50, rate="25"), sound=None, encoder=(*X264, *SOUND))
    parts = [
        await conform(clip, canvas=canvas, frames=48, into=tmp_path / f"part{index}", may_copy=True)
        for index, clip in enumerate((fitting, odd, others))
    ]
    assert nonconforming_parts(parts) == (0, 2)
    assert nonconforming_parts([parts[0], parts[2]]) == (0, 1)
    for index in nonconforming_parts(parts):
        clip = (fitting, odd, others)[index]
        parts[index] = await conform(clip, canvas=canvas, frames=48, into=tmp_path / f"part{index}")
    assert nonconforming_parts(parts) == ()
    await join([part.picture for part in parts], tmp_path / "picture.mp4")
    assert len(numbers(tmp_path / "picture.mp4")) == 144


async def test_a_copied_untagged_clip_says_what_its_colours_are(make_clip: MakeClip, tmp_path: Path) -> None:
    """Real clips are untagged; a decoder that isn't told reads BT.601. Told in stream and box, no pixel changed."""
    canvas = Canvas(width=1280, height=720)
    untagged = (*X264[:-2], "-preset", "ultrafast", *SOUND)
    clip = await make_clip(picture="testsrc2=s=1280x720:r=24:d=1.05", sound=None, encoder=untagged)
    assert (read_picture_format(clip).matrix, read_picture_format(clip).primaries) == (2, 2)
    part = await conform(clip, canvas=canvas, frames=24, into=tmp_path / "part", may_copy=True)
    assert part.mode is not Mode.ENCODED
    for film in (part.picture, await joined(part, tmp_path / "joined.mp4")):
        seen = read_picture_format(film)
        assert (seen.primaries, seen.transfer, seen.matrix, seen.color_range) == (1, 1, 1, 1)
        assert colours(film) == (1, 1, 1, False)
    same = zip(await pictures(clip), await pictures(part.picture), strict=False)
    assert sum(a == b for a, b in same) >= 15


async def joined(part: Part, into: Path) -> Path:
    await join([part.picture, part.picture], into)
    return into
