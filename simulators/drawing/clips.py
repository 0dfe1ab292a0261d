"""Animatics: a few drawn stills that ffmpeg moves, so that a clip costs about a second of one core.

A clip pans over a landscape, passes a foreground, shows the shot's number and text, counts its seconds and moves a
marker along; a first frame is what it really starts with, a last frame what it ends with.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps

from media.command import run_ffmpeg
from media.fonts import font_path
from simulators.drawing.mood import mood_of
from simulators.drawing.overlay import Overlay, number_of, overlay
from simulators.drawing.pictures import picture_at, pictures_at
from simulators.drawing.scenery import far_layer, near_layer
from simulators.drawing.sizes import clip_size, following
from simulators.sounding.bed import BED_RATE_HZ, bed
from simulators.world.jobs import Job

FPS: Final = 24
_DEADLINE_S: Final = 180.0
_DISSOLVE_S: Final = 0.8
#: How far the far layer is wider than the picture; it pans over the difference.
_WIDER: Final = 1.25
#: How many pictures wide the near layer is.
_NEAR_WIDTHS: Final = 1.9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """A clip's stills, all drawn, and its measures."""

    size: tuple[int, int]
    frames: int
    backwards: bool
    near_top: int
    over: Overlay
    stills: list[Path]
    first: bool
    last: bool


async def make_clip(job: Job, folder: Path, *, assets: Path, frames: int | None = None) -> Mapping[str, Any]:
    """Write `clip.mp4` and `cover.jpg` for a video job into `folder`; `frames` overrides the ordered length."""
    length = frames or int(job.facts["frames"])
    scene = await asyncio.to_thread(_draw, job, folder, assets, length)
    sound = await asyncio.to_thread(partial(bed, job.text, length / FPS)) if job.facts["sound"] else None
    args: list[str | Path] = ["-filter_threads", "1", "-filter_complex_threads", "1"]
    for still in scene.stills:
        args += ["-framerate", str(FPS), "-threads", "1", "-i", still]
    if sound is not None:
        args += ["-f", "s16le", "-ar", str(BED_RATE_HZ), "-ac", "2", "-i", "pipe:0"]
    args += ["-filter_complex", _graph(scene), "-map", "[v]"]
    if sound is not None:
        args += ["-map", f"{len(scene.stills)}:a", "-c:a", "aac", "-b:a", "128k", "-ar", "44100"]
    args += [
        "-frames:v",
        str(length),
        "-r",
        str(FPS),
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-bf",
        "3",
        "-threads",
        "1",
    ]
    args += ["-crf", "25", "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709"]
    args += ["-color_trc", "bt709", "-color_range", "tv", "-movflags", "+faststart", folder / "clip.mp4"]
    await run_ffmpeg(args, deadline_s=_DEADLINE_S, stdin=None if sound is None else sound.tobytes())
    for still in scene.stills:
        still.unlink()
    return {"width": scene.size[0], "height": scene.size[1], "frames": length}


def clip_maker(assets: Path) -> Callable[[Job, Path], Any]:
    """Return the maker of video jobs whose reference pictures may lie in `assets`."""
    return partial(make_clip, assets=assets)


def _draw(job: Job, folder: Path, assets: Path, frames: int) -> _Scene:
    number, label = number_of(job.text, job.ordinal)
    mood = mood_of(job.text, number)
    first = next(iter(pictures_at(job.facts["first_frame"], assets)), None)
    last = next((picture_at(url, assets) for url in job.facts["last_frame"]), None)
    size = clip_size(model=job.model, resolution=job.facts["resolution"], ratio=job.facts["ratio"])
    if first is not None and job.facts["follows_image"]:
        size = following(size, first.size)
    width, height = size
    far = far_layer(mood, (int(width * _WIDER) // 2 * 2, height))
    near = near_layer(mood, (int(width * _NEAR_WIDTHS) // 2 * 2, int(height * 0.56) // 2 * 2))
    over = overlay(job.text, label, mood, size, pictures_at(job.facts["references"], assets))
    near_top = height - near.height
    cover = far.crop((0, 0, width, height)).convert("RGBA")
    for layer, top in ((near.crop((0, 0, width, near.height)), near_top), (over.foot, over.foot_top), (over.head, 0)):
        cover.alpha_composite(layer, (0, top))
    cover.convert("RGB").save(folder / "cover.jpg", quality=85)
    layers = [far, near, over.head, over.foot, over.marker]
    layers += [ImageOps.fit(picture, size) for picture in (first, last) if picture is not None]
    return _Scene(
        size=size,
        frames=frames,
        backwards=number % 2 == 0,
        near_top=near_top,
        over=over,
        stills=[_save(layer, folder / f".still-{place}.png") for place, layer in enumerate(layers)],
        first=first is not None,
        last=last is not None,
    )


def _save(picture: Image.Image, path: Path) -> Path:
    picture.save(path, compress_level=1)
    return path


def _graph(scene: _Scene) -> str:
    """Return the filter graph that moves the stills: each is converted once and then repeated for ever."""
    width, height = scene.size
    alpha = "yuva420p"
    share = f"n/{max(1, scene.frames - 1)}"
    pan = f"(1-{share})" if scene.backwards else f"({share})"
    chains = [
        f"[0]{_still('yuv420p')},crop={width}:{height}:x='(iw-ow)*{pan}':y=0[far]",
        f"[1]{_still(alpha)}[near]",
        f"[2]{_still(alpha)}[head]",
        f"[3]{_still(alpha)}[foot]",
        f"[4]{_still(alpha)}[dot]",
        f"[far][near]overlay=x='-(w-{width})*{pan}':y={scene.near_top}[a]",
        f"[a][foot]overlay=0:{scene.over.foot_top}[b]",
        "[b][head]overlay=0:0[c]",
        f"[c][dot]overlay=x='(W-w)*{share}':y={scene.over.rail_top},{_seconds(scene)}[moving]",
    ]
    ends_s = scene.frames / FPS
    frames_given = (
        # name, given, where it is seen, how it fades
        ("first", scene.first, f"lt(t,{_DISSOLVE_S + 0.2})", f"fade=t=out:st=0.05:d={_DISSOLVE_S}:alpha=1"),
        ("last", scene.last, f"gt(t,{ends_s - 1.5:.3f})", f"fade=t=in:st={ends_s - 0.9:.3f}:d={_DISSOLVE_S}:alpha=1"),
    )
    current, place = "moving", 5
    for name, given, seen, fade in frames_given:
        if given:
            chains.append(f"[{place}]{_still(alpha)},{fade}[{name}]")
            chains.append(f"[{current}][{name}]overlay=0:0:enable='{seen}'[with{name}]")
            current, place = f"with{name}", place + 1
    return ";".join([*chains, f"[{current}]format=yuv420p[v]"])


def _still(pixels: str) -> str:
    return f"scale=out_color_matrix=bt709:out_range=tv,format={pixels},loop=-1:1:0,setpts=N/{FPS}/TB"


def _seconds(scene: _Scene) -> str:
    """Return the filter that writes the running seconds under the word SIMULATED."""
    face = str(font_path()).replace("\\", "/").replace(":", r"\:").replace("'", r"\'")
    edge = int(min(scene.size) * 0.03)
    text = r"%{eif\:floor(n/24)\:d}.%{eif\:mod(floor(n*10/24)\,10)\:d} s"
    return (
        f"drawtext=fontfile='{face}':text='{text}':fontsize={scene.over.clock_px}:fontcolor=white"
        f":box=1:boxcolor=black@0.5:boxborderw=6:x=w-tw-{edge}:y={int(min(scene.size) * 0.11)}"
    )
