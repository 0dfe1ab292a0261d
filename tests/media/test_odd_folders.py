"""Folders are named by people: no sign in a name may mean anything to ffmpeg, whatever is made in it."""

from pathlib import Path

import numpy as np
import pytest

from film.canvas import Canvas
from film.cues import Cue
from media.film.join import join
from media.film.mux import mux
from media.film.verify import verify_film
from media.picture.conform import conform
from media.picture.frames import first_frame, last_frame, poster, seam
from media.picture.overlay import Overlay
from media.picture.part import Defect
from media.sound.mix import mix
from media.sound.voice_fit import fit_voice
from media.text.cards import title_card
from media.text.subtitles import ass, captions, srt

from .conftest import MakeClip
from .pictures import rgb
from .voices import RATE, speech

NAMES = ["it's", "a:b", "a=b", "a\\b", "a,b;[c]", "50%d a?b#c", "夜 景"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_film_is_made_in_a_folder_of_any_name(
    name: str, make: MakeClip, make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """All of it: cards, burned words, findings, voices, the mix, the join, the subtitles, and the checks."""
    folder = tmp_path / name
    folder.mkdir()
    clip = folder / "clip.mp4"
    picture = "color=s=320x180:r=24:d=2:c=black"
    clip.write_bytes((await make_clip(picture=picture, sound="sine=330:d=2")).read_bytes())
    cues = [Cue(segment=0, text="It stands", start_sample=0, end_sample=2 * RATE)]
    overlay = Overlay(
        title=title_card("Title", canvas, folder / "title.png", language="en"),
        title_frames=24,
        captions=ass(cues, language="en", canvas=canvas, start_sample=0, samples=2 * RATE),
    )
    drawn = await conform(clip, canvas=canvas, frames=48, into=folder / "drawn", overlay=overlay)
    assert rgb(drawn.picture, 40)[100:, :].max() > 200, "the words are drawn"
    plain = await conform(clip, canvas=canvas, frames=48, into=folder / "plain")
    assert Defect.BLACK in {run.fault for run in plain.runs}, "the findings are read"
    voice = folder / "voice.wav"
    voice.write_bytes((await speech(make, 1.0)).read_bytes())
    fitted = await fit_voice(voice, start_sample=0, room_samples=RATE, into=folder / "line.wav")
    sound = await mix(frames=96, narration=[fitted], music=voice, native=[(drawn.sound, 0)], into=folder / "sound.m4a")
    (folder / "film.srt").write_text(srt(cues, language="en"), encoding="utf-8")
    parts = [drawn, plain]
    await mux(
        picture=[part.picture for part in parts],
        sound=sound.sound,
        subtitles=folder / "film.srt",
        language="en",
        label={"Label": "1", "ProduceID": "vid_1"},
        title=name,
        into=folder / "film.mp4",
    )
    verify_film(
        folder / "film.mp4",
        frames=96,
        canvas=canvas,
        captions=captions(cues, language="en"),
        label_id="vid_1",
        parts=parts,
        sound=sound,
        narration=[fitted],
    )
    await join([part.picture for part in parts], folder / "joined.mp4")
    await first_frame(clip, folder / "first.png")
    await poster(clip, canvas, folder / "poster.jpg")
    cut = await seam(await last_frame(clip, folder / "last.png"), clip, folder=folder)
    assert np.isclose(cut.similarity, 1.0, atol=0.01)
