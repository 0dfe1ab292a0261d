"""Joins: sound and picture meet at every cut, nothing is decoded, and what a naive join makes is rejected."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from film.canvas import Canvas, samples_of
from film.errors import DeliverableRejected
from media.command import run_ffmpeg
from media.film.join import join
from media.film.mux import mux
from media.film.verify import verify_film
from media.picture.conform import conform
from media.picture.part import Part
from media.sound.mix import mix

from .conftest import PICTURE, MakeClip

LABEL = {"Label": "1", "ProduceID": "vid_1"}
PARTS = 24  # 23 joins
FLASH_FRAME = 10


def flash(size: str = "320x180", rate: int = 24) -> str:
    at = FLASH_FRAME * rate // 24
    dark_or_lit = f"geq=lum='if(between(N,{at},{at + 1}),235,40)':cb=128:cr=128"
    return f"nullsrc=s=16x16:r={rate}:d=1,{dark_or_lit},scale={size},setsar=1"


def click(rate: int) -> str:
    at = rate * FLASH_FRAME // 24
    return f"aevalsrc='if(between(n,{at},{at + rate // 50}),0.6*sin(n*0.5),0)':s={rate}:d=1"


@pytest.fixture
async def flashes(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> list[Part]:
    """Four kinds of clips with a flash and a click at the same moment."""
    clips = [
        await make_clip(picture=flash(), sound=click(44_100)),
        await make_clip(picture=flash(), sound=click(48_000)),
        await make_clip(picture=flash("640x360", 48), sound=click(22_050)),
        await make_clip("-use_editlist", "0", picture=flash(), sound=click(48_000), encoder=(*PICTURE, "-c:a", "mp3")),
    ]
    return [
        await conform(clip, canvas=canvas, frames=24, into=tmp_path / f"part{index}")
        for index, clip in enumerate(clips)
    ]


async def film_of(parts: list[Part], folder: Path) -> Path:
    starts = [sum(samples_of(part.frames) for part in parts[:index]) for index in range(len(parts))]
    sounds = [(part.sound, start) for part, start in zip(parts, starts, strict=True)]
    frames = sum(part.frames for part in parts)
    mixed = await mix(frames=frames, narration=[], music=None, native=sounds, into=folder / "film.m4a")
    film = folder / "film.mp4"
    await mux(
        picture=[part.picture for part in parts],
        sound=mixed.sound,
        subtitles=None,
        language="en",
        label=LABEL,
        title="joins",
        into=film,
    )
    return film


def sound_of(path: Path) -> tuple[NDArray[np.float32], float]:
    """All samples as they come out of the decoder, and the time stamp of the first one."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return samples, float(frames[0].pts * frames[0].time_base)


def lit(path: Path) -> list[float]:
    """When each flash begins, by the frames' time stamps."""
    found, before = [], 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            level = float(np.frombuffer(frame.planes[0], np.uint8).mean())
            if level > 130 > before:
                found.append(float(frame.pts * frame.time_base))
            before = level
    return found


async def test_picture_and_sound_agree_at_every_join(flashes: list[Part], canvas: Canvas, tmp_path: Path) -> None:
    """By time stamps and by counting samples: the second sees encoder delays that pile up."""
    parts = [flashes[index % 3] for index in range(PARTS)]
    film = await film_of(parts, tmp_path)
    verify_film(film, frames=24 * PARTS, canvas=canvas, captions=None, label_id="vid_1")
    samples, first_s = sound_of(film)
    assert first_s == pytest.approx(0, abs=1e-9)
    assert len(samples) >= samples_of(24 * PARTS)
    seen = lit(film)
    assert seen == pytest.approx([second + FLASH_FRAME / 24 for second in range(PARTS)], abs=1e-4)
    for second, flash_s in enumerate(seen):
        window = np.abs(samples[second * 48_000 : (second + 1) * 48_000])
        click_s = second + np.flatnonzero(window > 0.35 * window.max())[0] / 48_000
        assert click_s == pytest.approx(flash_s, abs=0.001), second


@pytest.mark.parametrize("seconds", [3, 9, 17, 30, 61, 180])
async def test_every_length_is_exact(seconds: int, flashes: list[Part], canvas: Canvas, tmp_path: Path) -> None:
    """1024 samples of an AAC packet divide none of these; the last packet is cut to measure."""
    film = await film_of([flashes[index % 3] for index in range(seconds)], tmp_path)
    verify_film(film, frames=24 * seconds, canvas=canvas, captions=None, label_id="vid_1")


async def test_a_delayed_encoder_without_edit_list_is_off_by_that_delay_only(
    flashes: list[Part], canvas: Canvas, tmp_path: Path
) -> None:
    """MP3 in MP4 without an edit list says nothing of its delay (26 ms + the decoder's): it must not pile up."""
    film = await film_of([flashes[3]] * 6, tmp_path)
    samples, _ = sound_of(film)
    offsets = []
    for second, flash_s in enumerate(lit(film)):
        window = np.abs(samples[second * 48_000 : (second + 1) * 48_000])
        offsets.append(second + np.flatnonzero(window > 0.35 * window.max())[0] / 48_000 - flash_s)
    assert max(offsets) - min(offsets) < 0.001
    assert max(map(abs, offsets)) < 0.06


async def packets_md5(path: Path) -> list[bytes]:
    report = await run_ffmpeg(
        ["-i", path, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"], deadline_s=30
    )
    return [line.split(b",")[-1] for line in report.stdout.splitlines() if not line.startswith(b"#")]


async def test_the_joined_pictures_are_the_parts_pictures(flashes: list[Part], tmp_path: Path) -> None:
    parts = [flashes[2], flashes[0], flashes[1]]
    into = tmp_path / "picture.mp4"
    await join([part.picture for part in parts], into)
    apart = [digest for part in parts for digest in await packets_md5(part.picture)]
    assert await packets_md5(into) == apart
    assert len(apart) == 72


async def naive(clips: list[Path], folder: Path) -> Path:
    listing = folder / "list.txt"
    listing.write_text("".join(f"file '{clip}'\n" for clip in clips))
    film = folder / "naive.mp4"
    tags = ["-movflags", "+faststart+use_metadata_tags", "-metadata", 'AIGC={"Label":"1","ProduceID":"vid_1"}']
    source = ["-f", "concat", "-safe", "0", "-i", listing]
    await run_ffmpeg([*source, "-c", "copy", "-video_track_timescale", "24000", *tags, film], deadline_s=60)
    return film


async def test_a_naive_copy_join_is_rejected_although_ffmpeg_was_content(
    make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """The test of the test: exit code 0, a file that opens, and no film."""
    clips = [
        await make_clip(picture="testsrc2=s=320x180:r=24:d=2", sound="sine=r=48000:d=2"),
        await make_clip(picture="testsrc2=s=320x180:r=25:d=2", sound="sine=r=48000:d=2"),
        await make_clip(picture="testsrc2=s=640x360:r=30:d=2", sound="sine=r=44100:d=2"),
    ]
    film = await naive(clips, tmp_path)
    with pytest.raises(DeliverableRejected):
        verify_film(film, frames=144, canvas=canvas, captions=None, label_id="vid_1")


async def test_a_naive_join_of_like_clips_is_rejected_for_its_sound(
    make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """Every picture is right here; but each clip's audio delay has stayed in the film."""
    clips = [
        await make_clip(picture=f"testsrc2=s=320x180:r=24:d=2,hue=h={hue}", sound="sine=r=48000:d=2:b=4")
        for hue in (0, 90, 180)
    ]
    film = await naive(clips, tmp_path)
    with pytest.raises(DeliverableRejected) as caught:
        verify_film(film, frames=144, canvas=canvas, captions=None, label_id="vid_1")
    assert caught.value.check.startswith(("audio", "colours", "frame gaps", "video length"))


async def test_parts_of_two_profiles_are_not_joined(make_clip: MakeClip, flashes: list[Part], tmp_path: Path) -> None:
    stranger = await make_clip("-profile:v", "baseline", sound=None)
    with pytest.raises(DeliverableRejected) as caught:
        await join([flashes[0].picture, stranger], tmp_path / "film.mp4")
    assert caught.value.check == "one profile"
    assert not (tmp_path / "film.mp4").exists()
