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
from media.text.fonts import font_path
from simulators.drawing.figures import actor_of, sprite
from simulators.drawing.mood import Framing, mood_of
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
#: How high the near layer and an actor stand, as shares of the picture's height.
_NEAR_SHARE: Final = {Framing.WIDE: 0.42, Framing.MEDIUM: 0.54, Framing.CLOSE: 0.66}
_ACTOR_SHARE: Final = {Framing.WIDE: 0.17, Framing.MEDIUM: 0.3, Framing.CLOSE: 0.44}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """A clip's stills, all drawn, and its measures."""

    size: tuple[int, int]
    frames: int
    backwards: bool
    near_top: int
    over: Overlay
    actor_top: int
    stills: Mapping[str, Path]


async def make_clip(job: Job, folder: Path, *, assets: Path, frames: int | None = None) -> Mapping[str, Any]:
    """Write `clip.mp4` and `cover.jpg` for a video job into `folder`; `frames` overrides the ordered length."""
    length = frames or int(job.facts["frames"])
    scene = await asyncio.to_thread(_draw, job, folder, assets, length)
    sound = await asyncio.to_thread(partial(bed, job.text, length / FPS)) if job.facts["sound"] else None
    args: list[str | Path] = ["-filter_threads", "1", "-filter_complex_threads", "1"]
    for still in scene.stills.values():
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
    for still in scene.stills.values():
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
    near_share = _NEAR_SHARE[mood.framing]
    near = near_layer(mood, (int(width * _NEAR_WIDTHS) // 2 * 2, int(height * near_share) // 2 * 2))
    over = overlay(job.text, label, mood, size, pictures_at(job.facts["references"], assets))
    layers = {"far": far, "near": near, "head": over.head, "foot": over.foot, "dot": over.marker}
    look = actor_of(job.text)
    if look is not None:
        tall = int(height * _ACTOR_SHARE[mood.framing])
        walking = sprite(look, tall)
        layers["actor"] = ImageOps.mirror(walking) if number % 2 == 0 else walking
    layers |= {name: ImageOps.fit(picture, size) for name, picture in (("first", first), ("last", last)) if picture}
    scene = _Scene(
        size=size,
        frames=frames,
        backwards=number % 2 == 0,
        near_top=height - near.height,
        over=over,
        actor_top=over.foot_top - (layers["actor"].height if look is not None else 0),
        stills={name: _save(layer, folder / f".still-{name}.png") for name, layer in layers.items()},
    )
    _cover(scene, layers).save(folder / "cover.jpg", quality=85)
    return scene


def _cover(scene: _Scene, layers: Mapping[str, Image.Image]) -> Image.Image:
    """Return the picture of the middle of the clip, without its running seconds."""
    width, height = scene.size
    left = (layers["far"].width - width) // 2
    cover = layers["far"].crop((left, 0, left + width, height)).convert("RGBA")
    left = (layers["near"].width - width) // 2
    cover.alpha_composite(layers["near"].crop((left, 0, left + width, layers["near"].height)), (0, scene.near_top))
    if "actor" in layers:
        cover.alpha_composite(layers["actor"], ((width - layers["actor"].width) // 2, max(0, scene.actor_top)))
    cover.alpha_composite(layers["foot"], (0, scene.over.foot_top))
    cover.alpha_composite(layers["head"], (0, 0))
    return cover.convert("RGB")


def _save(picture: Image.Image, path: Path) -> Path:
    picture.save(path, compress_level=1)
    return path


def _graph(scene: _Scene) -> str:
    """Return the filter graph that moves the stills: each is converted once and then repeated for ever."""
    width, height = scene.size
    share = f"n/{max(1, scene.frames - 1)}"
    pan = f"(1-{share})" if scene.backwards else f"({share})"
    ends_s = scene.frames / FPS
    moves = {
        "near": f"x='-(w-{width})*{pan}':y={scene.near_top}",
        # Somebody walks: across the picture, up and down a little.
        "actor": f"x='(W-w)*(0.2+0.6*{pan})':y='{scene.actor_top}-abs({height / 80:.0f}*sin(n/4))'",
        "foot": f"x=0:y={scene.over.foot_top}",
        "head": "x=0:y=0",
        "dot": f"x='(W-w)*{share}':y={scene.over.rail_top}",
        "first": f"enable='lt(t,{_DISSOLVE_S + 0.2})'",
        "last": f"enable='gt(t,{ends_s - 1.5:.3f})'",
    }
    fades = {
        "first": f",fade=t=out:st=0.05:d={_DISSOLVE_S}:alpha=1",
        "last": f",fade=t=in:st={ends_s - 0.9:.3f}:d={_DISSOLVE_S}:alpha=1",
    }
    inputs = {name: place for place, name in enumerate(scene.stills)}
    chains = [f"[{inputs['far']}]{_still('yuv420p')},crop={width}:{height}:x='(iw-ow)*{pan}':y=0[v0]"]
    for step, (name, move) in enumerate((name, move) for name, move in moves.items() if name in inputs):
        after = f",{_seconds(scene)}" if name == "dot" else ""
        chains.append(f"[{inputs[name]}]{_still('yuva420p')}{fades.get(name, '')}[{name}]")
        chains.append(f"[v{step}][{name}]overlay={move}{after}[v{step + 1}]")
    return ";".join([*chains, f"[v{len(inputs) - 1}]format=yuv420p[v]"])


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
