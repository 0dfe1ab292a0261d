"""The ways to a film that the compose benchmark compares; each runs alone in a child process.

`python -m benchmarks.compose_ways WAY FOLDER RESOLUTION SEGMENTS`
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import ffmpeg

from benchmarks.compose_material import Material
from film.canvas import FPS, Resolution
from media.command import run_ffmpeg
from media.film.mux import mux
from media.film.verify import verify_film
from media.picture.conform import conform
from media.sound.mix import mix
from media.text.subtitles import captions

LABEL: Final = {"Label": "1", "ProduceID": "vid_bench"}
DEADLINE_S: Final = 3600.0


async def start(_material: Material) -> None:
    """Nothing but the start of Python and the imports that all ways share."""


async def join(material: Material) -> None:
    """Ours, picture only as in the film: copy-join and mux in one pass, the sound being ready."""
    await _mux(material, material.sound, material.folder / f"{material.resolution}-{material.segments}-film.mp4")


async def compose(material: Material) -> None:
    """Ours, the whole stage: mix of voices, music and clips' sound, join, mux, verification."""
    native = [(part.sound, start) for part, start in zip(material.parts, material.starts, strict=True)]
    frames = sum(material.frames)
    sound = material.folder / "compose.m4a"
    made = await mix(frames=frames, narration=material.narration(), music=material.music, native=native, into=sound)
    film = material.folder / "compose.mp4"
    await _mux(material, sound, film)
    verify_film(
        film,
        frames=frames,
        canvas=material.canvas,
        captions=captions(material.cues, language="zh"),
        label_id="vid_bench",
        parts=material.parts,
        sound=made,
        narration=material.narration(),
    )


async def last_clip(material: Material) -> None:
    """Ours, from the last clip's arrival: its conform (an encode), then the whole stage."""
    await conform_one(material)
    await compose(material)


async def conform_one(material: Material) -> None:
    """Ours: one clip's encode with all that is measured on the way."""
    into = material.folder / "conformed"
    await conform(material.clips[0], canvas=material.canvas, frames=material.frames[0], into=into)


async def encode_one(material: Material) -> None:
    """The plain encode of the same frames, for comparison."""
    source = ffmpeg.input(str(material.clips[0]))
    settings = {"c:v": "libx264", "preset": "veryfast", "crf": 19, "threads": 2, "frames:v": material.frames[0]}
    output = ffmpeg.output(source.video, str(material.folder / "encoded.mp4"), **settings)
    await run_ffmpeg(output.compile()[1:], deadline_s=DEADLINE_S)


async def remux(material: Material) -> None:
    """The floor: ffmpeg copies one finished file of the same length."""
    film = material.folder / f"{material.resolution}-{material.segments}-film.mp4"
    output = ffmpeg.output(ffmpeg.input(str(film)), str(material.folder / "remux.mp4"), c="copy", movflags="+faststart")
    await run_ffmpeg(output.compile()[1:], deadline_s=DEADLINE_S)


async def graph(material: Material) -> None:
    """The usual way: one filter graph that decodes everything and encodes it again, veryfast."""
    streams = []
    for clip, frames in zip(material.clips, material.frames, strict=True):
        source = ffmpeg.input(str(clip))
        streams.append(source.video.filter("trim", end_frame=frames).filter("setpts", "PTS-STARTPTS"))
        streams.append(source.audio.filter("atrim", end=frames / FPS).filter("asetpts", "PTS-STARTPTS"))
    whole = ffmpeg.concat(*streams, v=1, a=1).node
    settings = {"c:v": "libx264", "preset": "veryfast", "crf": 19, "c:a": "aac", "movflags": "+faststart"}
    output = ffmpeg.output(whole[0], whole[1], str(material.folder / "graph.mp4"), **settings)
    await run_ffmpeg(output.compile()[1:], deadline_s=DEADLINE_S)


async def moviepy(material: Material) -> None:
    """The usual Python way: concatenate and write, veryfast, two threads; no music, no loudness."""
    from moviepy import VideoFileClip, concatenate_videoclips  # noqa: PLC0415 - its import belongs to its own figure

    clips = [
        VideoFileClip(str(clip)).subclipped(0, frames / FPS)
        for clip, frames in zip(material.clips, material.frames, strict=True)
    ]
    film = concatenate_videoclips(clips)
    into = str(material.folder / "moviepy.mp4")
    film.write_videofile(into, fps=FPS, codec="libx264", preset="veryfast", threads=2, audio_codec="aac", logger=None)


async def _mux(material: Material, sound: Path, into: Path) -> None:
    await mux(
        picture=[part.picture for part in material.parts],
        sound=sound,
        subtitles=material.subtitles,
        language="zh-CN",
        label=LABEL,
        title="bench",
        into=into,
    )


WAYS: Final[dict[str, Callable[[Material], Awaitable[None]]]] = {
    way.__name__: way for way in (start, join, compose, last_clip, conform_one, encode_one, remux, graph, moviepy)
}


async def _main(way: str, folder: str, resolution: str, segments: str) -> None:
    await WAYS[way](Material(folder=Path(folder), resolution=Resolution(resolution), segments=int(segments)))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
