"""A voice in its place: trimmed to its words, made faster only as far as its room asks, never cut."""

from pathlib import Path

import numpy as np
import pytest

from film.errors import ClipRejected, NarrationTooLong
from media.sound.loudness import measure
from media.sound.pcm import read_wav
from media.sound.voice import LINE_LUFS
from media.sound.voice_fit import fit_voice

from .conftest import MakeClip
from .voices import RATE, SPEECH, power_db, speech


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".ogg"])
async def test_a_voice_is_trimmed_to_its_words(suffix: str, make: MakeClip, tmp_path: Path) -> None:
    voice = await speech(make, 1.0, lead=0.3, suffix=suffix)
    fitted = await fit_voice(voice, start_sample=12_345, room_samples=3 * RATE, into=tmp_path / "voice.wav")
    assert (fitted.start_sample, fitted.tempo) == (12_345, 1.0)
    assert fitted.end_sample - fitted.start_sample == len(read_wav(fitted.sound))
    assert (fitted.end_sample - fitted.start_sample) / RATE == pytest.approx(0.96 + 0.05, abs=0.08)


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
    fitted = await fit_voice(voice, start_sample=0, room_samples=round(room * RATE), into=tmp_path / "voice.wav")
    assert tempo[0] <= fitted.tempo <= tempo[1]
    assert fitted.end_sample <= room * RATE
    # Nothing was cut: the last syllable is there, followed by silence.
    tail = read_wav(fitted.sound)[-600:].astype(float)
    assert power_db(tail / 32768) < -45


async def test_a_voice_beyond_the_limit_is_refused_with_the_factor(make: MakeClip, tmp_path: Path) -> None:
    voice = await speech(make, 3.0)
    with pytest.raises(NarrationTooLong) as caught:
        await fit_voice(voice, start_sample=0, room_samples=2 * RATE, into=tmp_path / "voice.wav")
    assert caught.value.factor == pytest.approx(1.51, abs=0.05)
    assert [path.name for path in tmp_path.iterdir()] == []


async def test_a_silent_voice_is_refused(make: MakeClip, tmp_path: Path) -> None:
    silence = await make("-f", "lavfi", "-i", "anullsrc=r=24000:d=1", suffix=".wav")
    with pytest.raises(ClipRejected):
        await fit_voice(silence, start_sample=0, room_samples=RATE, into=tmp_path / "voice.wav")


#: A take as vendors send it: (gain over the plain one, in dB)
LEVELS = {"faint": -18, "plain": 0, "loud": 5}


@pytest.mark.parametrize("name", LEVELS)
async def test_every_line_comes_to_one_loudness(name: str, make: MakeClip, tmp_path: Path) -> None:
    """Takes of one voice 23 dB apart: laid side by side they must be alike."""
    take = SPEECH.format(rate=48_000, length=2).replace("':s", f"*{10 ** (LEVELS[name] / 20):.4f}':s")
    voice = await make("-f", "lavfi", "-i", take, "-ac", "1", suffix=".wav")
    fitted = await fit_voice(voice, start_sample=0, room_samples=3 * RATE, into=tmp_path / "voice.wav")
    found = await measure(fitted.sound)
    assert found.loudness_lufs == pytest.approx(LINE_LUFS, abs=0.5)
    assert found.true_peak_dbtp <= -1


async def test_a_short_word_is_as_loud_as_a_sentence(make: MakeClip, tmp_path: Path) -> None:
    """A fifth of a second is less than the scanner listens to at once."""
    word, sentence = [
        await fit_voice(
            await speech(make, length), start_sample=0, room_samples=RATE * 4, into=tmp_path / f"{length}.wav"
        )
        for length in (0.12, 3.0)
    ]
    heard = [read_wav(each.sound)[:5000].astype(float) / 32768 for each in (word, sentence)]
    assert power_db(heard[0]) == pytest.approx(power_db(heard[1]), abs=2)


async def test_peaks_bound_what_a_line_is_raised_by(make: MakeClip, tmp_path: Path) -> None:
    """Single clicks in near silence: by loudness alone they would be raised over full scale."""
    clicks = "aevalsrc='0.5*lt(mod(t,0.5),0.001)*sin(9000*t)+0.004*sin(1000*t)':s=48000:d=2"
    voice = await make("-f", "lavfi", "-i", clicks, "-ac", "1", suffix=".wav")
    fitted = await fit_voice(voice, start_sample=0, room_samples=3 * RATE, into=tmp_path / "voice.wav")
    assert (await measure(fitted.sound)).true_peak_dbtp == pytest.approx(-1, abs=0.3)


@pytest.mark.parametrize("noise_db", [-46, -60])
async def test_a_voice_begins_at_its_words_not_at_its_rooms_noise(
    noise_db: int, make: MakeClip, tmp_path: Path
) -> None:
    """A second and a half of room before the first word, a second behind the last."""
    level = 10 ** (noise_db / 20) * 1.73  # a uniform noise's peak over its power
    words = SPEECH.format(rate=48_000, length=2)
    graph = "[0]adelay=1500:all=1,apad=pad_dur=1[w];[w][1]amix=normalize=0:duration=first"
    voice = await make(
        *("-f", "lavfi", "-i", words, "-f", "lavfi", "-i", f"anoisesrc=c=white:r=48000:a={level:.5f}:d=5"),
        *("-filter_complex", graph, "-ac", "1"),
        suffix=".wav",
    )
    fitted = await fit_voice(voice, start_sample=0, room_samples=6 * RATE, into=tmp_path / "voice.wav")
    sound = read_wav(fitted.sound)[:, 0].astype(float) / 32768
    assert len(sound) / RATE == pytest.approx(2.0, abs=0.2)
    first = np.flatnonzero(np.abs(sound) > 0.25 * np.abs(sound).max())[0]
    assert first / RATE < 0.05
