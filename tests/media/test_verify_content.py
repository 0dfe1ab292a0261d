"""What fails a film: black or still by our doing, a voice that fell silent. What a clip or a voice is like may stay."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from film.canvas import SAMPLE_RATE, Canvas
from film.errors import DeliverableRejected
from media.film.verify_content import check_runs, check_sound
from media.picture.black_freeze import unexplained_runs
from media.picture.conform import conform
from media.picture.overlay import Overlay
from media.picture.part import Defect, DefectRun, Mode, Part, part_in
from media.sound.mix import Mix
from media.sound.pcm import write_wav
from media.sound.voice_fit import FittedVoice
from media.text.cards import title_card

from .conftest import MakeClip

#: Clips that are dark or still of their own accord, and whether a card lies on them.
OWN = {
    "black in the middle": ("testsrc2=s=320x180:r=24:d=2,drawbox=c=black:t=fill:enable='between(n,20,30)'", False),
    "black throughout": ("color=black:s=320x180:r=24:d=2", False),
    "so dark that a card's veil makes it black": ("color=0x141414:s=320x180:r=24:d=2", True),
    "a night with one lamp, between bars": (
        "color=black:s=90x180:r=24:d=2,drawbox=x=40:w=6:h=100:c=white:t=fill",
        False,
    ),
    "three black frames at 25 a second": (
        "testsrc2=s=320x180:r=25:d=2,drawbox=c=black:t=fill:enable='between(n,20,22)'",
        False,
    ),
    "still throughout": ("testsrc2=s=320x180:r=24:d=2,loop=loop=48:size=1:start=0,trim=end_frame=48", False),
    "still under a card": ("color=0x808080:s=320x180:r=24:d=2", True),
    "nearly still": (
        "testsrc2=s=320x180:r=24:d=2,loop=loop=48:size=1:start=0,trim=end_frame=48,noise=alls=1:allf=t",
        False,
    ),
    "16 frames a second": ("testsrc2=s=320x180:r=16:d=2", False),
}


@pytest.mark.parametrize("name", OWN)
async def test_a_clips_own_darkness_and_rest_never_fail_a_film(
    name: str, make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    picture, carded = OWN[name]
    card = title_card("夜", canvas, tmp_path / "card.png", language="zh") if carded else None
    clip = await make_clip(picture=picture, sound=None)
    overlay = Overlay(title=card, title_frames=40)
    part = await conform(clip, canvas=canvas, frames=48, into=tmp_path / "part", overlay=overlay)
    check_runs([part])


async def test_black_that_we_drew_fails_the_film(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """A card whose veil came out opaque, on the second segment of two."""
    Image.new("RGBA", (320, 180), (0, 0, 0, 255)).save(tmp_path / "card.png")
    clip = await make_clip(picture="testsrc2=s=320x180:r=24:d=2", sound=None)
    overlay = Overlay(end=tmp_path / "card.png", end_frames=30)
    parts = [
        await conform(clip, canvas=canvas, frames=48, into=tmp_path / "plain"),
        await conform(clip, canvas=canvas, frames=48, into=tmp_path / "drawn", overlay=overlay),
    ]
    with pytest.raises(DeliverableRejected) as caught:
        check_runs(parts)
    assert (caught.value.check, caught.value.found[-12:]) == ("black frames", "in segment 1")


def part_with(runs: list[DefectRun], own: list[DefectRun]) -> Part:
    return part_in(
        Path("part"),
        frames=96,
        extradata_sha256="",
        picture_sha256="",
        mode=Mode.ENCODED,
        cloned_frames=0,
        runs=tuple(runs),
        clip_runs=tuple(own),
    )


def black(start: int, end: int) -> DefectRun:
    return DefectRun(fault=Defect.BLACK, start_frame=start, end_frame=end)


def frozen(start: int, end: int) -> DefectRun:
    return DefectRun(fault=Defect.FROZEN, start_frame=start, end_frame=end)


@pytest.mark.parametrize(
    ("runs", "own", "expected"),
    [
        # the clip has it too
        ([black(10, 30)], [black(10, 30)], []),
        # measured a little shorter there
        ([black(10, 30)], [black(12, 28)], []),
        # the clip has a part of it
        ([black(10, 30)], [black(10, 20)], [black(23, 30)]),
        # the clip has its two ends
        ([black(10, 40)], [black(8, 14), black(36, 44)], [black(17, 33)]),
        # the clip has something else there
        ([black(10, 30)], [frozen(0, 96)], [black(10, 30)]),
        # long before, long after
        ([frozen(40, 60)], [frozen(0, 20), frozen(80, 96)], [frozen(40, 60)]),
        # too short to be seen: a frozen run's rest of ten frames
        ([frozen(0, 30)], [frozen(0, 17)], []),
        # nothing black, nothing still
        ([], [black(0, 10)], []),
    ],
)
def test_only_what_the_clip_lacks_is_ours(
    runs: list[DefectRun], own: list[DefectRun], expected: list[DefectRun]
) -> None:
    assert list(unexplained_runs(part_with(runs, own))) == expected


def line(folder: Path, *, pause_s: float = 0.0) -> FittedVoice:
    """A voice of three seconds from the film's second 2 on, with a pause in its middle."""
    at = np.arange(3 * SAMPLE_RATE)
    tone = 9000 * np.sin(2 * np.pi * 300 * at / SAMPLE_RATE)
    tone[np.abs(at - len(at) / 2) < pause_s * SAMPLE_RATE / 2] = 0
    write_wav(folder / "line.wav", np.stack([tone, tone], axis=1).astype(np.int16))
    return FittedVoice(sound=folder / "line.wav", start_sample=2 * SAMPLE_RATE, end_sample=5 * SAMPLE_RATE, tempo=1.0)


def sound_with(*silent: tuple[float, float]) -> Mix:
    runs = tuple((round(first * SAMPLE_RATE), round(last * SAMPLE_RATE)) for first, last in silent)
    return Mix(
        sound=Path("film.m4a"),
        samples=8 * SAMPLE_RATE,
        loudness_lufs=-14.0,
        true_peak_dbtp=-2.0,
        silent=False,
        silent_runs=runs,
    )


@pytest.mark.parametrize(
    ("pause_s", "silent"),
    [
        # nothing silent
        (0, []),
        # silence before and after the line, measured a little into it
        (0, [(0, 2.1), (4.9, 8)]),
        # the voice itself is silent there
        (1.4, [(2.8, 4.2)]),
    ],
)
def test_silence_beside_a_voice_and_in_it_may_stay(
    pause_s: float, silent: list[tuple[float, float]], tmp_path: Path
) -> None:
    check_sound(sound_with(*silent), [line(tmp_path, pause_s=pause_s)])


@pytest.mark.parametrize(
    ("pause_s", "silent"),
    [
        # the whole film
        (0, [(0, 8)]),
        # the line's end is cut off
        (0, [(4, 8)]),
        # more than the voice's own pause
        (1.0, [(3, 5)]),
    ],
)
def test_a_voice_that_fell_silent_fails_the_film(
    pause_s: float, silent: list[tuple[float, float]], tmp_path: Path
) -> None:
    with pytest.raises(DeliverableRejected) as caught:
        check_sound(sound_with(*silent), [line(tmp_path, pause_s=pause_s)])
    assert caught.value.check == "narration"
    assert caught.value.expected == "a voice from 2.00 s to 5.00 s"
