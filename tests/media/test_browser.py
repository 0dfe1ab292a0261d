"""What a viewer's browser shows of a film joined by copy: every picture at its time, at the cuts and after any seek."""

from pathlib import Path

import pytest

from film.canvas import Canvas, samples_of
from media.film.mux import mux
from media.film.verify import verify_film
from media.picture.conform import conform
from media.picture.part import Mode, Part
from media.sound.mix import mix
from tests.plain_machine import needs

from .browser import Visit, visit
from .conftest import MakeClip
from .pictures import counting

FRAMES = 48
SOUND = ("-c:a", "aac", "-b:a", "96k")
#: B-frames between any two others, so that a frame too many can't just be left out.
#: Tagged: an untagged clip of so few lines would be converted, not copied.
_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
X264 = (
    *_BT709,
    "-c:v",
    "libx264",
    "-preset",
    "medium",
    "-pix_fmt",
    "yuv420p",
    "-sc_threshold",
    "0",
    "-bf",
    "3",
    *SOUND,
)
#: How each clip becomes a part, for a film: frames it holds, whether its packets may be kept, what comes out.
KINDS = {
    "cut, whole, cut": ((49, True, Mode.PREFIX_CUT), (48, True, Mode.COPIED), (60, True, Mode.PREFIX_CUT)),
    "encoded": ((49, False, Mode.ENCODED), (48, False, Mode.ENCODED), (48, False, Mode.ENCODED)),
}

pytestmark = needs("chromium")


async def film_of(parts: list[Part], folder: Path, canvas: Canvas) -> Path:
    frames = FRAMES * len(parts)
    native = [(part.sound, index * samples_of(FRAMES)) for index, part in enumerate(parts)]
    mixed = await mix(frames=frames, narration=[], music=None, native=native, into=folder / "film.m4a")
    film = folder / "film.mp4"
    await mux(
        picture=[part.picture for part in parts],
        sound=mixed.sound,
        subtitles=None,
        language="en",
        label={"Label": "1", "ProduceID": "vid_1"},
        title="watched",
        into=film,
    )
    verify_film(film, frames=frames, canvas=canvas, captions=None, label_id="vid_1")
    return film


@pytest.mark.parametrize("kind", KINDS)
async def test_a_browser_shows_every_frame_at_its_time(
    kind: str, make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """Sought: the frames around each cut and each tail, back and forth. Played: whatever it had time to show."""
    parts = []
    for index, (held, may_copy, mode) in enumerate(KINDS[kind]):
        picture = counting("24", held, "320x180", first=index * FRAMES) + ",noise=alls=6:allf=t"
        clip = await make_clip(picture=picture, sound="sine=d=3", encoder=X264)
        into = tmp_path / f"part{index}"
        parts.append(await conform(clip, canvas=canvas, frames=FRAMES, into=into, may_copy=may_copy))
        assert parts[-1].mode is mode
    film = await film_of(parts, tmp_path, canvas)
    wanted = [frame for cut in (48, 96, 144) for frame in range(cut - 5, min(cut + 3, 144))]
    seeks = [*wanted[::-1], 0, 143, 20, 95]
    seen = visit(film, seeks=[(frame + 0.5) / 24 for frame in seeks], folder=tmp_path)
    assert seen.duration_s == 3 * FRAMES / 24
    assert seen.size == (320, 180)
    assert seen.sought == seeks
    check_order(seen)


def check_order(seen: Visit) -> None:
    # Playing goes on while the page reads: a picture may be later than the time told with it, never out of order.
    played = [number for _, number in seen.played]
    assert len(played) > 1
    assert played == sorted(played)
    assert played[-1] == 3 * FRAMES - 1
    assert all(round(second * 24) <= number for second, number in seen.played)
