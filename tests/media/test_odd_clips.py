"""Whatever a vendor's clip is like, its part has the planned frames and samples, one profile, its pictures in time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from film.canvas import Canvas
from film.errors import DeliverableRejected
from media.command import run_ffmpeg
from media.film.mux import mux
from media.film.verify import verify_film
from media.picture.part import Part
from media.sound.mix import mix
from media.sound.pcm import read_wav

from .conftest import MakeClip
from .odd_clips import FRAMES, ODD, check_profile, conformed, film
from .pictures import numbers

OddPart = Callable[[str], Awaitable[tuple[Path, Part]]]


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
