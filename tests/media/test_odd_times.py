"""Clips whose clock is odd: hidden pictures, leading ones, holes, a first frame that is left out."""

from pathlib import Path

import av
import pytest

from film.canvas import Canvas
from film.errors import ClipRejected
from media.ingest.probe import probe
from media.picture.conform import conform
from media.sound.pcm import read_wav

from .conftest import PICTURE, SOUND, MakeClip
from .odd_clips import FRAMES, LEADING, check_profile, conformed, film
from .pictures import numbers


@pytest.mark.parametrize(
    ("encoder", "first_s", "shown"),
    [
        # cut between two key frames
        pytest.param((*PICTURE, "-g", "24", "-bf", "2", *SOUND), "0.75", 18, id="h264"),
        # cut at a CRA picture: the leading pictures behind it can't be decoded any more
        pytest.param(LEADING, "0.5", 12, id="hevc, at a key frame"),
        pytest.param(LEADING, "0.75", 18, id="hevc, between two"),
    ],
)
async def test_an_edit_list_is_honoured(
    encoder: tuple[str, ...],
    first_s: str,
    shown: int,
    make: MakeClip,
    make_clip: MakeClip,
    canvas: Canvas,
    tmp_path: Path,
) -> None:
    """A copy cut from the middle shows fewer pictures than it has packets; only those shown may come out."""
    whole = await make_clip(picture=film(frames=80), sound="sine=330:d=3.4", encoder=encoder)
    cut = await make("-ss", first_s, "-i", whole, "-c", "copy", "-avoid_negative_ts", "disabled")
    facts = probe(cut)
    assert facts.packets > facts.frames  # else this test shows nothing
    part = await conformed(cut, canvas, tmp_path)
    check_profile(part, canvas)
    assert numbers(part.picture) == list(range(shown, shown + FRAMES))


async def test_a_clip_that_promises_pictures_nobody_can_decode_is_refused(
    make: MakeClip, make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """The same cut without an edit list: a leading picture is in the index, to be shown, and lacks what it leans on."""
    whole = await make_clip(picture=film(frames=80), sound="sine=330:d=3.4", encoder=LEADING)
    cut = await make("-ss", "0.5", "-i", whole, "-c", "copy", "-use_editlist", "0")
    with pytest.raises(ClipRejected) as caught:
        await conformed(cut, canvas, tmp_path)
    assert caught.value.check == "decoded frames"


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
