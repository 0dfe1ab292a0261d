"""Validation: clips, sounds and pictures that are what they say but nothing for a film, or nothing at all."""

from pathlib import Path

import pytest
from PIL import Image

from film.canvas import Canvas
from film.errors import ClipRejected
from media.ingest.validate import CLIP_LIMIT_BYTES, validate_clip, validate_image, validate_sound
from media.picture.conform import conform
from media.picture.frames import last_frame
from media.sound.pcm import wav_samples
from media.sound.voice_fit import decode

from .conftest import MakeClip
from .pictures import counting, numbers

#: name -> (lavfi picture, encoder arguments, the check)
UNFIT = {
    "more than half a second missing": ("testsrc2=s=64x64:r=24:d=2.45", (), "length"),
    "longer than 20 s": ("color=s=64x64:r=1:d=21", (), "duration"),
    "120 frames a second": ("color=s=64x64:r=120:d=3", (), "frame rate"),
    "another codec": ("color=s=64x64:r=24:d=3", ("-c:v", "mpeg4"), "codec"),
    "a speck": ("color=s=8x8:r=24:d=3", ("-c:v", "libx264", "-pix_fmt", "yuv444p"), "pixels"),
    "two pictures": ("color=s=64x64:r=24:d=3", ("-map", "0", "-map", "0"), "video streams"),
}


@pytest.mark.parametrize("name", UNFIT)
async def test_an_unfit_clip_is_refused_by_name(name: str, make_clip: MakeClip) -> None:
    picture, args, check = UNFIT[name]
    clip = await make_clip(*args, picture=picture, sound=None)
    with pytest.raises(ClipRejected) as caught:
        validate_clip(clip, kept_s=3)
    assert caught.value.check == check


async def test_sound_alone_is_no_clip(make_clip: MakeClip) -> None:
    clip = await make_clip("-map", "1")
    with pytest.raises(ClipRejected) as caught:
        validate_clip(clip, kept_s=3)
    assert caught.value.check == "streams"


def test_a_huge_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with path.open("wb") as file:
        file.write(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomavc1")
        file.truncate(CLIP_LIMIT_BYTES + 1)
    with pytest.raises(ClipRejected) as caught:
        validate_clip(path, kept_s=3)
    assert caught.value.check == "size"


SOUNDS = {
    "html": b"<html>" * 100,
    "playlist": b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.mp3\n",
    "id3 and nothing": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "riff and nothing": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "empty": b"",
}


@pytest.mark.parametrize("name", SOUNDS)
def test_what_is_no_sound_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "voice.mp3"
    path.write_bytes(SOUNDS[name])
    with pytest.raises(ClipRejected):
        validate_sound(path)


@pytest.mark.parametrize(
    ("suffix", "args"),
    [(".mp3", ()), (".wav", ()), (".ogg", ("-c:a", "libopus")), (".flac", ()), (".m4a", ())],
)
async def test_a_sound_passes_with_its_length(suffix: str, args: tuple[str, ...], make: MakeClip) -> None:
    sound = await make("-f", "lavfi", "-i", "sine=r=24000:d=1.5", *args, suffix=suffix)
    assert validate_sound(sound).duration_s == pytest.approx(1.5, abs=0.08)


PICTURES = {"html": b"<html>" * 100, "cut png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "gif": b"GIF89a" + bytes(40)}


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_no_picture_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "anchor.png"
    path.write_bytes(PICTURES[name])
    with pytest.raises(ClipRejected):
        validate_image(path)


async def test_a_picture_passes(make: MakeClip) -> None:
    facts = validate_image(await make("-f", "lavfi", "-i", "color=s=64x48", "-frames:v", "1", suffix=".png"))
    assert (facts.format, facts.width, facts.height) == ("PNG", 64, 48)


@pytest.fixture
async def cover(make: MakeClip) -> Path:
    return await make("-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1", suffix=".png")


@pytest.mark.parametrize("first", [False, True], ids=["cover behind", "cover in front"])
async def test_a_cover_inside_a_clip_is_no_picture_of_it(
    make: MakeClip, make_clip: MakeClip, cover: Path, canvas: Canvas, tmp_path: Path, *, first: bool
) -> None:
    """Cover art is a video stream to ffmpeg; wherever it stands, the clip's own pictures are read."""
    clip = await make_clip(picture=counting("24", 72, "320x180"))
    maps = ("-map", "1:v", "-map", "0") if first else ("-map", "0", "-map", "1:v")
    which = "-disposition:v:0" if first else "-disposition:v:1"
    dressed = await make("-i", clip, "-i", cover, *maps, "-c", "copy", which, "attached_pic")
    facts = validate_clip(dressed, kept_s=3)
    assert (facts.video_streams, facts.width, facts.frames) == (1, 320, 72)
    part = await conform(dressed, canvas=canvas, frames=72, into=tmp_path / "part")
    assert numbers(part.picture) == list(range(72))
    copied = await conform(dressed, canvas=canvas, frames=71, into=tmp_path / "copied", may_copy=True)
    assert numbers(copied.picture) == list(range(71))
    with Image.open(await last_frame(dressed, tmp_path / "last.png")) as picture:
        assert picture.size == (320, 180)


@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".flac"])
async def test_music_with_a_cover_is_let_in_and_decoded(
    suffix: str, make: MakeClip, cover: Path, tmp_path: Path
) -> None:
    tune = ("-f", "lavfi", "-i", "sine=r=44100:d=1.5", "-i", cover, "-map", "0", "-map", "1")
    music = await make(*tune, "-c:v", "copy", "-disposition:v", "attached_pic", suffix=suffix)
    assert validate_sound(music).duration_s == pytest.approx(1.5, abs=0.08)
    await decode(music, tmp_path / "plain.wav")
    assert wav_samples(tmp_path / "plain.wav") == pytest.approx(72_000, abs=4_000)
