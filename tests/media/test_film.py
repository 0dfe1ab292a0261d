"""From clips to a film that passes its verification, and what does not pass."""

from dataclasses import replace
from pathlib import Path

import pytest

from film.canvas import Canvas, samples_of
from film.cues import Cue
from film.errors import DeliverableRejected
from media.film.join import join
from media.film.mux import mux
from media.film.verify import verify_film
from media.ingest.validate import validate_clip
from media.picture.conform import conform
from media.picture.part import Part, read_part
from media.sound.mix import mix
from media.sound.voice_fit import fit_voice
from media.text.subtitles import captions, srt

from .conftest import MakeClip

LABEL = {"Label": "1", "ContentProducer": "长片", "ProduceID": "vid_1"}
SECONDS = (3, 2, 2)
#: The one line that is spoken in the films of this file.
CUE = Cue(segment=0, text="清晨的城市，光线", start_sample=72_000, end_sample=129_600)
SAID = captions([CUE], language="zh-CN")
FRAMES = 7 * 24


@pytest.fixture
async def parts(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> list[Part]:
    clips = [
        await make_clip(),
        await make_clip(picture="testsrc2=s=640x360:r=30:d=2", sound="sine=440:r=48000:d=2"),
        await make_clip(picture="mandelbrot=s=320x240:r=25,trim=end_frame=50", sound=None),
    ]
    made = []
    for index, (clip, seconds) in enumerate(zip(clips, SECONDS, strict=True)):
        validate_clip(clip, kept_s=seconds)
        made.append(await conform(clip, canvas=canvas, frames=seconds * 24, into=tmp_path / f"part{index}"))
    return made


def starts(parts: list[Part]) -> list[int]:
    return [sum(samples_of(part.frames) for part in parts[:index]) for index in range(len(parts))]


def drafts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


async def film_of(parts: list[Part], make: MakeClip, folder: Path, *, subtitles: bool = True) -> Path:
    voice = await make("-f", "lavfi", "-i", "sine=500:r=24000:d=1.2", "-ac", "1", suffix=".mp3")
    music = await make("-f", "lavfi", "-i", "sine=220:r=44100:d=2", suffix=".wav")
    fitted = await fit_voice(voice, start_sample=72_000, room_samples=96_000, into=folder / "voice.wav")
    cue = Cue(segment=0, text="清晨的城市，光线", start_sample=fitted.start_sample, end_sample=fitted.end_sample)
    words = folder / "film.srt"
    assert captions([cue], language="zh-CN") == captions([CUE], language="zh-CN")
    words.write_text(srt([cue], language="zh-CN"), encoding="utf-8")
    mixed = await mix(
        frames=FRAMES,
        narration=[fitted],
        music=music,
        native=list(zip([part.sound for part in parts], starts(parts), strict=True)),
        into=folder / "film.m4a",
    )
    assert mixed.loudness_lufs == pytest.approx(-14.0, abs=0.5)
    assert mixed.true_peak_dbtp <= -1.0
    film = folder / "film.mp4"
    await mux(
        picture=[part.picture for part in parts],
        sound=mixed.sound,
        subtitles=words if subtitles else None,
        language="zh-CN",
        label=LABEL,
        title="清晨: 'it' = \"x\"",
        into=film,
    )
    return film


@pytest.mark.parametrize("subtitles", [True, False], ids=["soft subtitles", "none"])
async def test_a_film_of_three_odd_clips_is_exact(
    parts: list[Part], make: MakeClip, canvas: Canvas, tmp_path: Path, *, subtitles: bool
) -> None:
    film = await film_of(parts, make, tmp_path, subtitles=subtitles)
    facts = verify_film(
        film,
        frames=FRAMES,
        canvas=canvas,
        captions=SAID if subtitles else None,
        label_id="vid_1",
        parts=parts,
        decode=True,
    )
    assert facts.samples == 7 * 48_000
    assert facts.label == LABEL
    assert drafts(tmp_path) == []


async def test_all_parts_share_one_extradata_and_are_found_again(parts: list[Part]) -> None:
    assert len({part.extradata_sha256 for part in parts}) == 1
    assert [read_part(part.picture.parent) for part in parts] == parts


async def test_a_joined_picture_muxes_to_the_same_film(
    parts: list[Part], make: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    await film_of(parts, make, tmp_path)
    picture, again = tmp_path / "picture.mp4", tmp_path / "again.mp4"
    await join([part.picture for part in parts], picture)
    await mux(
        picture=picture,
        sound=tmp_path / "film.m4a",
        subtitles=tmp_path / "film.srt",
        language="zh-CN",
        label=LABEL,
        title="清晨: 'it' = \"x\"",
        into=again,
    )
    verify_film(again, frames=FRAMES, canvas=canvas, captions=SAID, label_id="vid_1")


async def test_wrong_expectations_are_named(parts: list[Part], make: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """Each row asks of a right film something it is not: a verifier that never rejects would pass no row."""
    film = await film_of(parts, make, tmp_path)
    rows = [
        ("frames", {"frames": FRAMES - 1}),
        ("canvas", {"canvas": Canvas(width=180, height=320)}),
        ("subtitle streams", {"captions": None}),
        ("captions", {"captions": []}),
        ("captions", {"captions": [replace(SAID[0], rows=("清晨的城市",))]}),
        ("captions", {"captions": [replace(SAID[0], start_sample=SAID[0].start_sample + 480)]}),
        ("pictures", {"parts": parts[::-1]}),
        ("pictures", {"parts": [parts[0], parts[2], parts[1]]}),
        ("key frame at each cut", {"parts": [*parts[:2], replace(parts[2], frames=24), parts[2]]}),
        ("label", {"label_id": "vid_2"}),
    ]
    for check, wrong in rows:
        wanted = {"frames": FRAMES, "canvas": canvas, "captions": SAID, "label_id": "vid_1"} | wrong
        with pytest.raises(DeliverableRejected) as caught:
            verify_film(film, **wanted)
        assert caught.value.check == check
