"""A voice in its place: trimmed to its words, made faster only as far as its room asks, never cut."""

from pathlib import Path

import pytest

from film.errors import ClipRejected, NarrationTooLong
from media.pcm import read_wav
from media.place import place

from .conftest import MakeClip
from .voices import RATE, power_db, speech


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".ogg"])
async def test_a_voice_is_trimmed_to_its_words(suffix: str, make: MakeClip, tmp_path: Path) -> None:
    voice = await speech(make, 1.0, lead=0.3, suffix=suffix)
    placed = await place(voice, start_sample=12_345, room_samples=3 * RATE, into=tmp_path / "voice.wav")
    assert (placed.start_sample, placed.tempo) == (12_345, 1.0)
    assert placed.end_sample - placed.start_sample == len(read_wav(placed.sound))
    assert (placed.end_sample - placed.start_sample) / RATE == pytest.approx(0.96 + 0.05, abs=0.08)


@pytest.mark.parametrize(
    ("length", "room", "tempo"),
    [
        # short enough, so untouched
        (1.0, 2.0, (1.0, 1.0)),
        # a tenth too long
        (2.2, 2.0, (1.09, 1.14)),
        # just within the limit
        (2.4, 2.0, (1.19, 1.25)),
    ],
)
async def test_a_voice_is_made_faster_only_as_far_as_needed(
    length: float, room: float, tempo: tuple[float, float], make: MakeClip, tmp_path: Path
) -> None:
    voice = await speech(make, length)
    placed = await place(voice, start_sample=0, room_samples=round(room * RATE), into=tmp_path / "voice.wav")
    assert tempo[0] <= placed.tempo <= tempo[1]
    assert placed.end_sample <= room * RATE
    # Nothing was cut: the last syllable is there, followed by silence.
    tail = read_wav(placed.sound)[-600:].astype(float)
    assert power_db(tail / 32768) < -45


async def test_a_voice_beyond_the_limit_is_refused_with_the_factor(make: MakeClip, tmp_path: Path) -> None:
    voice = await speech(make, 3.0)
    with pytest.raises(NarrationTooLong) as caught:
        await place(voice, start_sample=0, room_samples=2 * RATE, into=tmp_path / "voice.wav")
    assert caught.value.factor == pytest.approx(1.51, abs=0.05)
    assert [path.name for path in tmp_path.iterdir()] == []


async def test_a_silent_voice_is_refused(make: MakeClip, tmp_path: Path) -> None:
    silence = await make("-f", "lavfi", "-i", "anullsrc=r=24000:d=1", suffix=".wav")
    with pytest.raises(ClipRejected):
        await place(silence, start_sample=0, room_samples=RATE, into=tmp_path / "voice.wav")
