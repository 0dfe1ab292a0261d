"""The film's sound: voices to the sample, music under them, one loudness, exact length, whatever goes in."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from media.film.verify_content import check_sound
from media.sound.loudness import measure
from media.sound.mix import Mix, mix
from media.sound.pcm import read_wav, write_wav
from media.sound.stems import LOOP_SAMPLES, lay_bed, make_stem
from media.sound.voice_fit import FittedVoice, fit_voice

from .conftest import MakeClip
from .voices import RATE, SPEECH, power_db, speech


def samples_of(path: Path) -> NDArray[np.float64]:
    """Decode a film's sound: left channel, the encoder's delay taken off by the edit list."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames).astype(np.float64)


def stream_samples(path: Path) -> int:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.start_time == 0
        return round(stream.duration * stream.time_base * RATE)


def band(signal: NDArray[np.float64], hz: float) -> float:
    """Power of one tone, in dB."""
    at = np.exp(-2j * np.pi * hz * np.arange(len(signal)) / RATE)
    return 20 * np.log10(abs(np.mean(signal * at)) + 1e-9)


async def placed_at(voice: Path, second: float, folder: Path) -> FittedVoice:
    into = folder / f"voice{second}.wav"
    return await fit_voice(voice, start_sample=round(second * RATE), room_samples=5 * RATE, into=into)


async def mixed(folder: Path, seconds: int, **sounds: object) -> Mix:
    wanted = {"narration": [], "music": None, "native": []} | sounds
    return await mix(frames=seconds * 24, into=folder / "film.m4a", **wanted)


async def native_of(make: MakeClip, source: str, seconds: int) -> Path:
    return await make("-f", "lavfi", "-i", f"{source}:d={seconds}", "-ar", "48000", "-ac", "2", suffix=".wav")


def check_level(found: Mix) -> None:
    assert found.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert found.true_peak_dbtp <= -1.0


async def test_every_combination_comes_out_at_one_loudness_and_length(make: MakeClip, tmp_path: Path) -> None:
    """Voice, music, clips' sound, and any two or three of them."""
    voice = await placed_at(await speech(make, 1.5), 0.5, tmp_path)
    music = await make("-f", "lavfi", "-i", "anoisesrc=c=pink:r=44100:d=2:a=0.1", suffix=".mp3")
    native = await native_of(make, "sine=700:r=48000", 4)
    for chosen in range(1, 8):
        found = await mixed(
            tmp_path,
            4,
            narration=[voice] if chosen & 1 else [],
            music=music if chosen & 2 else None,
            native=[(native, 0)] if chosen & 4 else [],
        )
        check_level(found)
        assert not found.silent
        assert stream_samples(found.sound) == found.samples == 4 * RATE, chosen


@pytest.mark.parametrize("seconds", [3, 7])
async def test_a_film_without_any_sound_has_a_silent_track(seconds: int, tmp_path: Path) -> None:
    found = await mixed(tmp_path, seconds)
    assert found.silent
    assert found.silent_runs == ((0, seconds * RATE),)
    assert stream_samples(found.sound) == seconds * RATE
    assert np.abs(samples_of(found.sound)).max() < 1e-4


#: Loudness is out of reach below the ceiling of the true peak, and a film that is hardly to be heard.
UNREACHABLE = {
    "nothing but clicks": "aevalsrc='0.9*lt(mod(t,2),0.0005)*sin(40000*t)':s=48000:d=6",
    "one click in hiss": "aevalsrc='0.95*lt(t,0.001)*sin(20000*t)+0.0009*sin(1000*t)':s=48000:d=6",
    "near silence": "aevalsrc='0.0035*sin(1000*t)+0.2*lt(mod(t,3),0.0008)*sin(30000*t)':s=48000:d=6",
}


@pytest.mark.parametrize("name", UNREACHABLE)
async def test_what_can_not_be_brought_to_the_target_is_delivered_and_told(
    name: str, make: MakeClip, tmp_path: Path
) -> None:
    """A paid film isn't lost over its loudness: the peak holds, and how far it is off is a finding."""
    sound = await make("-f", "lavfi", "-i", UNREACHABLE[name], "-ac", "2", suffix=".wav")
    found = await mixed(tmp_path, 6, native=[(sound, 0)])
    check_sound(found, [])
    assert found.true_peak_dbtp <= -1.0
    assert found.silent or found.loudness_lufs < -13.5
    off = not found.silent and found.loudness_lufs < -14.5
    assert off == (found.short_lu > 0)


async def test_a_voice_with_strong_peaks_reaches_the_target(make: MakeClip, tmp_path: Path) -> None:
    """Its peaks are 21 dB and more over its loudness; it is limited, and still comes to -14."""
    peaky = SPEECH.format(rate=48_000, length=8).replace("':s", "*0.11+0.95*lt(mod(t,0.31),0.003)*sin(1500*t)':s")
    recorded = await make("-f", "lavfi", "-i", peaky, "-ac", "1", suffix=".wav")
    plain = await measure(recorded)
    assert plain.true_peak_dbtp - plain.loudness_lufs > 15  # else this test shows nothing
    voice = await fit_voice(recorded, start_sample=RATE, room_samples=9 * RATE, into=tmp_path / "voice.wav")
    found = await mixed(tmp_path, 10, narration=[voice])
    check_level(found)
    assert found.short_lu == 0


async def test_room_noise_is_not_blown_up(make: MakeClip, tmp_path: Path) -> None:
    """Native sound at -65 LUFS is hiss; fifty decibels more of it would be a fault, not a film's sound."""
    hiss = await native_of(make, "anoisesrc=c=white:r=48000:a=0.0008", 3)
    found = await mixed(tmp_path, 3, native=[(hiss, 0)])
    assert found.silent
    assert power_db(samples_of(found.sound)) < -60


PEAKY = {
    # speech with plosives 20 dB above its level
    "plosives": SPEECH.format(rate=48_000, length=6).replace("':s", "*0.15+0.9*lt(mod(t,0.9),0.002)*sin(1500*t)':s"),
    # single clicks in near silence: a crest factor of 30 dB
    "clicks": "aevalsrc='0.9*lt(mod(t,0.5),0.001)*sin(9000*t)+0.01*sin(1000*t)':s=48000:d=6",
    # a full-scale square wave: true peaks between the samples
    "square": "aevalsrc='0.99*sgn(sin(6000*t))':s=48000:d=6",
    # very quiet speech
    "quiet": SPEECH.format(rate=48_000, length=6).replace("':s", "*0.02':s"),
    # loud noise
    "noise": "anoisesrc=c=white:r=48000:a=0.95:d=6",
}


@pytest.mark.parametrize("name", PEAKY)
async def test_peaky_sound_keeps_loudness_and_peak_after_aac(name: str, make: MakeClip, tmp_path: Path) -> None:
    sound = await make("-f", "lavfi", "-i", PEAKY[name], "-ac", "2", suffix=".wav")
    found = await mixed(tmp_path, 6, native=[(sound, 0)])
    check_level(found)
    again = await measure(found.sound)
    assert (again.loudness_lufs, again.true_peak_dbtp) == (found.loudness_lufs, found.true_peak_dbtp)


@pytest.mark.parametrize("peaky", [False, True], ids=["plain", "through the limiter"])
async def test_a_voice_starts_within_a_millisecond_of_its_sample(
    make: MakeClip, tmp_path: Path, *, peaky: bool
) -> None:
    """By cross-correlation of the finished AAC track with the placed file, at three places."""
    voice = await speech(make, 1.0)
    fitted = [await placed_at(voice, second, tmp_path) for second in (0.25, 2.5, 4.7)]
    sounds: dict[str, object] = {"narration": fitted}
    if peaky:
        clicks = PEAKY["clicks"]
        sounds["native"] = [(await make("-f", "lavfi", "-i", clicks, "-ac", "2", suffix=".wav"), 0)]
    signal = samples_of((await mixed(tmp_path, 6, **sounds)).sound)
    for each in fitted:
        wanted = read_wav(each.sound)[:, 0].astype(float)
        reach = 480
        start = max(0, each.start_sample - reach)
        window = signal[start : each.start_sample + len(wanted) + reach]
        score = np.correlate(window, wanted[: len(window) - reach], mode="valid")
        found = start + int(np.argmax(score))
        assert abs(found - each.start_sample) <= RATE // 1000


async def test_music_gives_way_to_the_voice_and_comes_back(make: MakeClip, tmp_path: Path) -> None:
    music = await make("-f", "lavfi", "-i", "sine=3000:r=48000:d=12", "-ac", "2", suffix=".wav")
    voice = await placed_at(await speech(make, 3.0), 4, tmp_path)
    signal = samples_of((await mixed(tmp_path, 12, narration=[voice], music=music)).sound)
    alone, under, after = (
        band(signal[round(a * RATE) : round(b * RATE)], 3000) for a, b in ((2, 3.5), (5, 6.5), (8.2, 8.9))
    )
    assert alone - under > 6
    assert after == pytest.approx(alone, abs=1.0)


async def test_music_lies_under_the_voice(make: MakeClip, tmp_path: Path) -> None:
    music = await make("-f", "lavfi", "-i", "anoisesrc=c=pink:r=44100:d=3:a=0.9", suffix=".mp3")
    voice = await placed_at(await speech(make, 3.0), 1, tmp_path)
    signal = samples_of((await mixed(tmp_path, 8, narration=[voice], music=music)).sound)
    assert power_db(signal[2 * RATE : 3 * RATE]) - power_db(signal[RATE // 4 : RATE * 3 // 4]) > 6


@pytest.mark.parametrize("length_s", [1, 2.5, 7, 40], ids=["tiny", "short", "once and a half", "too long"])
def test_a_looped_bed_has_no_click_no_gap_and_a_fade(length_s: float, tmp_path: Path) -> None:
    """A tone whose end does not meet its beginning: a hard loop would jump by up to twice its height."""
    seconds = 11
    at = np.arange(round(length_s * RATE))
    tone = (8000 * np.sin(2 * np.pi * 440.3 * at / RATE)).astype(np.int16)
    write_wav(tmp_path / "tune.wav", np.stack([tone, tone], axis=1))
    make_stem(tmp_path / "bed.pcm", samples=seconds * RATE)
    lay_bed(tmp_path / "bed.pcm", tmp_path / "tune.wav", samples=seconds * RATE)
    bed = np.fromfile(tmp_path / "bed.pcm", np.int16).reshape(-1, 2)[:, 0].astype(float)
    assert len(bed) == seconds * RATE
    steepest = 8000 * 2 * np.pi * 440.3 / RATE
    assert np.abs(np.diff(bed)).max() < 1.6 * steepest
    body = bed[: -3 * RATE - LOOP_SAMPLES].reshape(-1, RATE // 20)
    assert np.abs(body).max(axis=1).min() > 500
    assert np.abs(bed[-50:]).max() < 20


async def test_cuts_between_native_sounds_do_not_click(make: MakeClip, tmp_path: Path) -> None:
    """Two tones cut at full height: the 5 ms edges take the step away."""
    first = await native_of(make, "sine=200:r=48000", 2)
    cosine = await make("-f", "lavfi", "-i", "aevalsrc='0.12*cos(1256*t)':s=48000:d=2", "-ac", "2", suffix=".wav")
    found = await mixed(tmp_path, 4, native=[(first, 0), (cosine, 2 * RATE)])
    signal = samples_of(found.sound)
    around = np.abs(np.diff(signal[2 * RATE - 200 : 2 * RATE + 200])).max()
    assert around < 1.5 * np.abs(np.diff(signal[RATE : RATE + 2000])).max()


async def test_a_faint_voice_is_brought_up(make: MakeClip, tmp_path: Path) -> None:
    """At -60 LUFS it would pass for room noise; but a voice was ordered and paid for."""
    faint = SPEECH.format(rate=48_000, length=3).replace("':s", "*0.006':s")
    recorded = await make("-f", "lavfi", "-i", faint, suffix=".wav")
    assert (await measure(recorded)).loudness_lufs < -50
    voice = await placed_at(recorded, 0.5, tmp_path)
    found = await mixed(tmp_path, 5, narration=[voice])
    check_level(found)
    assert not found.silent


async def test_music_longer_than_the_film_is_faded_where_the_film_ends(make: MakeClip, tmp_path: Path) -> None:
    music = await make("-f", "lavfi", "-i", "sine=600:r=44100:d=30", suffix=".mp3")
    found = await mixed(tmp_path, 5, music=music)
    signal = samples_of(found.sound)
    assert stream_samples(found.sound) == 5 * RATE
    assert power_db(signal[RATE : 2 * RATE]) - power_db(signal[5 * RATE - 2400 : 5 * RATE]) > 20


async def test_silent_runs_are_told(make: MakeClip, tmp_path: Path) -> None:
    """A voice from 2 to 3 s and one from 3.4 to 4.4 s in a film of 8: half a second between them is no run."""
    voice = await speech(make, 1.0)
    fitted = [await placed_at(voice, second, tmp_path) for second in (2, 3.4)]
    found = await mixed(tmp_path, 8, narration=fitted)
    assert len(found.silent_runs) == 2
    (first, second), (third, fourth) = found.silent_runs
    assert (first, fourth) == (0, 8 * RATE)
    assert second == pytest.approx(2 * RATE, abs=RATE // 50)
    assert third == pytest.approx(4.4 * RATE, abs=RATE // 10)


@pytest.mark.parametrize("seconds", [5, 30], ids=["shorter than the tune", "looped"])
async def test_music_begins_at_once_and_loops_without_a_hole(seconds: int, make: MakeClip, tmp_path: Path) -> None:
    """Three seconds of silence before a tune of 8, which fades away over its last two and is silent for two more."""
    tune = "aevalsrc='0.3*sin(2764*t)*between(t,3,11)*min(1,(11.02-t)/2)':s=44100:d=13"
    music = await make("-f", "lavfi", "-i", tune, "-ac", "2", suffix=".wav")
    signal = samples_of((await mixed(tmp_path, seconds, music=music)).sound)
    steps = signal[: (seconds - 3) * RATE].reshape(-1, RATE // 10)
    level = np.array([power_db(step) for step in steps])
    assert np.median(level) > -30
    assert level[0] > np.median(level) - 3
    assert level.min() > np.median(level) - 6


async def test_clips_own_sounds_come_near_to_each_other(make: MakeClip, tmp_path: Path) -> None:
    """Six clips of one film 11 LU apart; the one that only hisses is no part of that and stays as faint as it is."""
    levels = (-22.1, -11.1, -18, -14, -16, -20)
    native = []
    for index, level in enumerate(levels):
        source = f"anoisesrc=c=pink:r=48000:a={10 ** ((level + 3) / 20):.5f}:seed={index}:d=3"
        native.append((await make("-f", "lavfi", "-i", source, "-ac", "2", suffix=".wav"), index * 3 * RATE))
    hiss = await native_of(make, "anoisesrc=c=white:r=48000:a=0.0008", 3)
    native.append((hiss, 18 * RATE))
    before = [(await measure(sound)).loudness_lufs for sound, _ in native[:-1]]
    assert max(before) - min(before) > 10
    signal = samples_of((await mixed(tmp_path, 21, native=native)).sound)
    heard = [power_db(signal[at + RATE // 2 : at + 5 * RATE // 2]) for _, at in native]
    assert max(heard[:-1]) - min(heard[:-1]) < 1.5
    assert -75 < heard[-1] < -55


async def test_room_noise_under_a_voice_is_left_and_not_cut_to_nothing(make: MakeClip, tmp_path: Path) -> None:
    hiss = await native_of(make, "anoisesrc=c=white:r=48000:a=0.0008", 6)
    voice = await placed_at(await speech(make, 1.0), 3, tmp_path)
    signal = samples_of((await mixed(tmp_path, 6, narration=[voice], native=[(hiss, 0)])).sound)
    assert -75 < power_db(signal[RATE : 2 * RATE]) < -50
