"""Measured on the file that is delivered: its loudness, whatever sounds in it; its captions, whatever they say."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from film.canvas import FPS, SAMPLE_RATE, Canvas, samples_of
from film.cues import Cue
from media.film.mux import mux
from media.film.verify import verify_film
from media.picture.conform import conform
from media.picture.part import Part
from media.sound.loudness import measure
from media.sound.mix import Mix, mix
from media.sound.voice_fit import fit_voice
from media.text.subtitles import captions, srt

from .conftest import MakeClip
from .voices import SPEECH, speech

LABEL = {"Label": "1", "ProduceID": "vid_1"}
#: Speech with plosives 20 dB above its level.
PLOSIVES = SPEECH.format(rate=48_000, length=1).replace("':s", "*0.15+0.9*lt(mod(t,0.9),0.002)*sin(1500*t)':s")


@dataclass(frozen=True, kw_only=True)
class Sounds:
    """What sounds in a film of so many seconds; a voice every five seconds."""

    seconds: int
    voice: bool = False
    music: bool = False
    native: str | None = None


FILMS = {
    "3 s, a voice": Sounds(seconds=3, voice=True),
    "3 s, music only": Sounds(seconds=3, music=True),
    "3 s, peaky clips": Sounds(seconds=3, native=PLOSIVES),
    "30 s, voice over peaky clips and music": Sounds(seconds=30, voice=True, music=True, native=PLOSIVES),
    "180 s, voice and music": Sounds(seconds=180, voice=True, music=True),
    "180 s, clips' sound only": Sounds(seconds=180, native="anoisesrc=c=pink:r=48000:a=0.05:d=1"),
}


async def one_second(make_clip: MakeClip, sound: str | None, folder: Path) -> Part:
    clip = await make_clip(picture="testsrc2=s=320x180:r=24:d=1", sound=sound)
    return await conform(clip, canvas=Canvas(width=320, height=180), frames=FPS, into=folder / "part")


async def delivered(part: Part, sounds: Sounds, make: MakeClip, folder: Path) -> tuple[Path, Mix]:
    fitted = []
    if sounds.voice:
        voice = await speech(make, 1.5)
        for second in range(0, sounds.seconds, 5):
            into, start = folder / f"voice{second}.wav", round((second + 0.5) * SAMPLE_RATE)
            fitted.append(await fit_voice(voice, start_sample=start, room_samples=2 * SAMPLE_RATE, into=into))
    music = await make("-f", "lavfi", "-i", "anoisesrc=c=pink:r=44100:d=7:a=0.3", suffix=".mp3")
    starts = [samples_of(FPS) * second for second in range(sounds.seconds)]
    made = await mix(
        frames=sounds.seconds * FPS,
        narration=fitted,
        music=music if sounds.music else None,
        native=[(part.sound, start) for start in starts] if sounds.native else [],
        into=folder / "film.m4a",
    )
    parts, film = [part] * sounds.seconds, folder / "film.mp4"
    await mux(
        picture=[each.picture for each in parts],
        sound=made.sound,
        subtitles=None,
        language="en",
        label=LABEL,
        title="loud",
        into=film,
    )
    verify_film(
        film,
        frames=sounds.seconds * FPS,
        canvas=Canvas(width=320, height=180),
        captions=None,
        label_id="vid_1",
        parts=parts,
        sound=made,
        narration=fitted,
    )
    return film, made


@pytest.mark.parametrize("name", FILMS)
async def test_a_delivered_film_has_its_loudness(
    name: str, make: MakeClip, make_clip: MakeClip, tmp_path: Path
) -> None:
    """-14 LUFS within half a unit, no true peak above -1 dBTP, heard on the film's own track."""
    part = await one_second(make_clip, FILMS[name].native, tmp_path)
    film, made = await delivered(part, FILMS[name], make, tmp_path)
    heard = await measure(film)
    assert heard.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert heard.true_peak_dbtp <= -1.0
    assert (heard.loudness_lufs, heard.true_peak_dbtp) == (made.loudness_lufs, made.true_peak_dbtp)


async def test_a_silent_film_is_delivered_silent(make: MakeClip, make_clip: MakeClip, tmp_path: Path) -> None:
    part = await one_second(make_clip, None, tmp_path)
    film, made = await delivered(part, Sounds(seconds=3), make, tmp_path)
    assert made.silent
    assert (await measure(film)).silent


#: What must come out of the film's subtitle stream as it went in.
SAID = {
    "chinese": ("zh", "清晨的第一缕阳光照亮了江边的高楼，薄雾在水面上慢慢散开。"),
    "japanese": ("ja", "人々はそれぞれの一日を始めていく。街は朝の光の中で目を覚ます。"),
    "arabic": ("ar", "صباح الخير يا مدينة، الشمس تشرق فوق النهر"),
    "hebrew and latin": ("he", "בוקר טוב לעיר הגדולה, the 3 rivers, והרחובות מתמלאים"),
    "an emoji": ("en", "Lift-off \N{ROCKET} now"),
    "what looks like markup": ("en", "<b>5 < 6</b> & {\\an8} \\N 100 %"),
    "quotes and a number first": ("en", "42\n\"It's 'so'\" --> she said"),
}


async def test_captions_come_out_of_the_film_as_they_were_said(
    make: MakeClip, make_clip: MakeClip, tmp_path: Path
) -> None:
    """One film, a line a script; soft subtitles need no glyphs of ours."""
    part = await one_second(make_clip, None, tmp_path)
    seconds = len(SAID)
    made = await mix(frames=seconds * FPS, narration=[], music=None, native=[], into=tmp_path / "film.m4a")
    for language in ("zh", "und"):
        cues = [
            Cue(segment=at, text=text, start_sample=at * SAMPLE_RATE + 4801, end_sample=(at + 1) * SAMPLE_RATE - 4803)
            for at, (_, text) in enumerate(SAID.values())
        ]
        words = tmp_path / "film.srt"
        words.write_text(srt(cues, language=language), encoding="utf-8")
        film = tmp_path / "film.mp4"
        await mux(
            picture=[part.picture] * seconds,
            sound=made.sound,
            subtitles=words,
            language=language,
            label=LABEL,
            title="said",
            into=film,
        )
        facts = verify_film(
            film,
            frames=seconds * FPS,
            canvas=Canvas(width=320, height=180),
            captions=captions(cues, language=language),
            label_id="vid_1",
        )
        assert facts.captions is not None
        assert facts.captions >= seconds
