"""The verifier against films spoiled in one way each: it names the check. A film that passes is in every other test."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import pytest

from film.canvas import Canvas
from film.errors import CommandFailed, DeliverableRejected, DiskFull
from media.command import run_ffmpeg
from media.disk import free_bytes, require_space
from media.film.mux import json_label, mux
from media.film.verify import FilmFacts, verify_film
from media.mp4.boxes import top_boxes
from media.picture.conform import conform
from media.sound.mix import Mix, mix
from media.text.subtitles import srt

from .conftest import MakeClip

FRAMES = 48
LABEL = {
    "Label": "1",
    "ContentProducer": "长片工作室",
    "ProduceID": "vid_1",
    "ReservedCode1": "",
    "ContentPropagator": "",
    "PropagateID": "",
    "ReservedCode2": "",
}


@dataclass(frozen=True, kw_only=True)
class Film:
    """A right film and what it was made of."""

    path: Path
    picture: Path
    sound: Path
    mix: Mix
    folder: Path


@pytest.fixture
async def film(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> Film:
    clip = await make_clip(picture="testsrc2=s=320x180:r=24:d=2")
    part = await conform(clip, canvas=canvas, frames=FRAMES, into=tmp_path / "part")
    found = await mix(frames=FRAMES, narration=[], music=None, native=[(part.sound, 0)], into=tmp_path / "film.m4a")
    path = tmp_path / "film.mp4"
    await muxed(part.picture, found.sound, path)
    return Film(path=path, picture=part.picture, sound=found.sound, mix=found, folder=tmp_path)


async def muxed(picture: Path, sound: Path, into: Path, *, text: str = "", label: dict[str, str] = LABEL) -> None:
    words = into.with_suffix(".srt")
    words.write_text(text, encoding="utf-8")
    await mux(picture=[picture], sound=sound, subtitles=words, language="zh", label=label, title="片名", into=into)


def verify(film: Film, canvas: Canvas, path: Path | None = None, *, decode: bool = False) -> FilmFacts:
    return verify_film(
        path or film.path,
        frames=FRAMES,
        canvas=canvas,
        captions=[],
        label_id="vid_1",
        sound=film.mix,
        decode=decode,
    )


async def test_a_film_without_a_cue_still_has_its_one_subtitle_stream(film: Film, canvas: Canvas) -> None:
    assert srt([], language="zh") == ""
    assert verify(film, canvas, decode=True).captions == 0


async def test_label_and_title_are_read_back_whole(film: Film) -> None:
    with av.open(str(film.path)) as container:
        assert container.metadata["AIGC"] == json_label(LABEL)
        assert container.metadata["title"] == "片名"
        assert container.streams.subtitles[0].metadata["language"] == "zho"
        assert container.streams.audio[0].metadata["language"] == "zho"
    assert [box.name for box in top_boxes(film.path)][:2] == ["ftyp", "moov"]


async def copied(film: Film, *args: str | Path, movflags: str = "+faststart+use_metadata_tags") -> Path:
    spoiled = film.folder / "spoiled.mp4"
    flags = ["-movflags", movflags, "-video_track_timescale", "24000"]
    await run_ffmpeg(["-i", film.path, "-map", "0", "-c", "copy", *flags, *args, spoiled], deadline_s=30)
    return spoiled


async def index_last(film: Film) -> Path:
    return await copied(film, movflags="+use_metadata_tags")


async def label_lost(film: Film) -> Path:
    return await copied(film, movflags="+faststart")


async def anothers_label(film: Film) -> Path:
    path = film.folder / "spoiled.mp4"
    await muxed(film.picture, film.sound, path, label=LABEL | {"ProduceID": "vid_2"})
    return path


async def no_subtitles(film: Film) -> Path:
    return await copied(film, "-map", "-0:s")


async def no_sound(film: Film) -> Path:
    return await copied(film, "-map", "-0:a")


async def two_sounds(film: Film) -> Path:
    return await copied(film, "-map", "0:a")


async def another_rate(film: Film) -> Path:
    return await copied(film, "-c:a", "aac", "-ar", "44100")


async def another_codec(film: Film) -> Path:
    return await copied(film, "-c:v", "mpeg4")


async def a_frame_less(film: Film) -> Path:
    return await copied(film, "-frames:v", str(FRAMES - 1))


async def late_sound(film: Film) -> Path:
    path = film.folder / "spoiled.mp4"
    flags = ["-movflags", "+faststart+use_metadata_tags", "-video_track_timescale", "24000"]
    inputs = ["-i", film.path, "-itsoffset", "0.05", "-i", film.path]
    maps = ["-map", "0:v", "-map", "1:a", "-map", "0:s", "-map_metadata", "0"]
    await run_ffmpeg([*inputs, *maps, "-c", "copy", *flags, path], deadline_s=30)
    return path


async def short_sound(film: Film) -> Path:
    return await copied(film, "-c:a", "aac", "-af", "atrim=end=1.9")


async def cut_off(film: Film) -> Path:
    path = film.folder / "spoiled.mp4"
    path.write_bytes(film.path.read_bytes()[:-3000])
    return path


async def not_a_film(film: Film) -> Path:
    path = film.folder / "spoiled.mp4"
    path.write_bytes(b"<html>" * 100)
    return path


async def empty(film: Film) -> Path:
    path = film.folder / "spoiled.mp4"
    path.touch()
    return path


SPOILED: list[tuple[Callable[[Film], Awaitable[Path]], str]] = [
    (index_last, "moov before mdat"),
    (label_lost, "label"),
    (anothers_label, "label"),
    (no_subtitles, "subtitle streams"),
    (no_sound, "audio streams"),
    (two_sounds, "audio streams"),
    (another_rate, "audio codec"),
    (another_codec, "video codec"),
    (a_frame_less, "frames"),
    (late_sound, "audio start"),
    (short_sound, "audio length"),
    (cut_off, "boxes"),
    (not_a_film, "boxes"),
    (empty, "first box"),
]


@pytest.mark.parametrize(("spoil", "check"), SPOILED, ids=lambda value: getattr(value, "__name__", value))
async def test_a_spoiled_film_is_rejected_by_name(
    spoil: Callable[[Film], Awaitable[Path]], check: str, film: Film, canvas: Canvas
) -> None:
    with pytest.raises(DeliverableRejected) as caught:
        verify(film, canvas, await spoil(film))
    assert caught.value.check == check


async def test_damage_inside_the_pictures_shows_when_they_are_decoded(film: Film, canvas: Canvas) -> None:
    data = bytearray(film.path.read_bytes())
    mdat = next(box for box in top_boxes(film.path) if box.name == "mdat")
    middle = mdat.offset + mdat.size_bytes // 2
    data[middle : middle + 600] = bytes(600)
    film.path.write_bytes(data)
    with pytest.raises(DeliverableRejected):
        verify(film, canvas, decode=True)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"loudness_lufs": -14.6}, "loudness"),
        ({"loudness_lufs": -13.4}, "loudness"),
        ({"true_peak_dbtp": -0.9}, "true peak"),
    ],
)
async def test_a_film_at_the_wrong_level_is_rejected(
    change: dict[str, float], check: str, film: Film, canvas: Canvas
) -> None:
    with pytest.raises(DeliverableRejected) as caught:
        verify(replace(film, mix=replace(film.mix, **change)), canvas)
    assert caught.value.check == check


async def test_a_mux_that_fails_leaves_the_old_film_and_nothing_else(film: Film) -> None:
    before = film.path.read_bytes()
    names = names_in(film.folder)
    with pytest.raises(CommandFailed):
        await muxed(film.picture, film.folder / "missing.m4a", film.path)
    assert film.path.read_bytes() == before
    assert names_in(film.folder) == names


async def test_a_mux_that_is_cancelled_leaves_the_old_film_or_a_whole_one(film: Film, canvas: Canvas) -> None:
    """Cancelled wherever it stands after so many steps of the event loop."""
    names = names_in(film.folder)
    for steps in range(0, 400, 10):
        work = asyncio.create_task(muxed(film.picture, film.sound, film.path))
        for _ in range(steps):
            await asyncio.sleep(0)
        work.cancel()
        await asyncio.wait({work})
        verify(film, canvas)
        assert names_in(film.folder) == names


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_room_is_asked_where_a_folder_would_be_made(tmp_path: Path) -> None:
    inside = tmp_path / "not" / "there"
    assert free_bytes(inside) > 0
    require_space(inside, 1)
    with pytest.raises(DiskFull) as caught:
        require_space(inside, 2**62)
    assert caught.value.needed_bytes == 2**62
