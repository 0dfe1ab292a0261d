"""Conform: one gated clip in, its part out; at most one encode, whatever has to be done to the picture."""

import asyncio
import errno
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ffmpeg
import numpy as np
from PIL import Image

from film.canvas import FPS, SAMPLE_RATE, Canvas, samples_of
from film.errors import ClipRejected, CommandFailed, DiskFull
from media import encoding
from media.command import CommandReport, run_ffmpeg
from media.disk import free_bytes
from media.findings import detect, read_findings
from media.fonts import font_path
from media.gate import MISSING_FRAMES_LIMIT
from media.guards import Kind, strict_input
from media.part import Mode, Part, file_sha256, folder_made_whole, part_in, write_part
from media.pcm import wav_samples, write_silence
from media.probe import Facts, probe
from media.sharpness import sharpest

#: Every sixth frame is looked at for the cover.
COVER_STEP: Final = 6
COVER_WIDTH: Final = 640
#: Seconds a title takes to appear and to go, in frames.
FADE_FRAMES: Final = 10
#: A clip whose shape differs by less than this share fills the canvas, losing a rim, rather than stand between bars.
FILL_TOLERANCE: Final = 0.03
#: H.273: the value that says nothing.
_UNSPECIFIED: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What is drawn on a part's picture, in its one encode. Cards are canvas-sized RGBA pictures (media/cards)."""

    #: Laid over the first `title_frames` frames.
    title: Path | None = None
    title_frames: int = 0
    #: Laid over the last `end_frames` frames.
    end: Path | None = None
    end_frames: int = 0
    #: Text of an ASS file (media/subtitles.ass), times counted from the part's first frame.
    captions: str = ""


async def conform(clip: Path, *, canvas: Canvas, frames: int, into: Path, overlay: Overlay | None = None) -> Part:
    """Make the part of `frames` frames from a gated clip, in the folder `into` (made whole or not at all).

    Args:
        clip: A file that `gate_clip` let in.
        canvas: The film's picture size.
        frames: The part's exact length.
        into: The part's folder; replaced if it is there.
        overlay: What to draw.

    Returns:
        The part; `read_part(into)` gives it again.

    Raises:
        ClipRejected: The clip doesn't decode without an error, or lacks more than two frames.
        DiskFull: There was no room for the part.
        CommandTimedOut: The encode didn't end.
    """
    facts = await asyncio.to_thread(probe, clip)
    with folder_made_whole(into) as draft:
        report = await _encode(clip, facts, canvas=canvas, frames=frames, draft=draft, overlay=overlay or Overlay())
        part = await asyncio.to_thread(_finish, draft, facts, report.stdout, canvas, frames)
    return part_in(
        into,
        frames=part.frames,
        extradata_sha256=part.extradata_sha256,
        picture_sha256=part.picture_sha256,
        mode=part.mode,
        cloned_frames=part.cloned_frames,
        runs=part.runs,
    )


async def _encode(
    clip: Path, facts: Facts, *, canvas: Canvas, frames: int, draft: Path, overlay: Overlay
) -> CommandReport:
    outputs = _outputs(clip, facts, canvas=canvas, frames=frames, draft=draft, overlay=overlay)
    try:
        return await run_ffmpeg(ffmpeg.merge_outputs(*outputs).compile()[1:], deadline_s=30 + frames / 2)
    except CommandFailed as error:
        if error.code == 256 - errno.ENOSPC:  # ffmpeg ends with the low byte of its error number
            raise DiskFull(path=str(draft.parent), needed_bytes=0, free_bytes=free_bytes(draft)) from error
        last = error.stderr_tail.strip().splitlines()[-1:] or [f"code {error.code}"]
        raise ClipRejected(check="decode", expected="pictures and sound without damage", found=last[0]) from error


def _outputs(clip: Path, facts: Facts, *, canvas: Canvas, frames: int, draft: Path, overlay: Overlay) -> list[Any]:
    source = ffmpeg.input(str(clip), threads=encoding.THREADS, **strict_input(Kind.MP4))
    timed = (
        _tagged(source.video, facts)
        .filter("fps", fps=FPS, start_time=0)
        .filter("tpad", stop=MISSING_FRAMES_LIMIT, stop_mode="clone")
        .filter("trim", end_frame=frames)
        .filter("setpts", f"N/{FPS}/TB")
        .split()
    )
    last = timed[1].filter("trim", start_frame=frames - 1)
    fitted = _fit(timed[0], canvas).split()
    cover = (
        detect(fitted[1], draft / "findings.log")
        .filter("select", f"not(mod(n,{COVER_STEP}))")
        .filter("scale", *_cover_size(canvas), flags="area")
    )
    drawn = _draw(fitted[0], overlay, frames=frames, draft=draft)
    outputs = [
        ffmpeg.output(drawn, str(draft / "picture.mp4"), **encoding.PICTURE),
        ffmpeg.output(last, str(draft / "last.png"), **{"frames:v": 1, "update": 1, "pix_fmt": "rgb24"}),
        ffmpeg.output(cover, "pipe:1", f="rawvideo", pix_fmt="rgb24", fps_mode="passthrough"),
    ]
    if facts.audio is not None:
        sound = (
            source.audio.filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
            .filter("aformat", sample_fmts="s16", sample_rates=SAMPLE_RATE, channel_layouts="stereo")
            .filter("apad")
            .filter("atrim", end_sample=samples_of(frames))
        )
        outputs.append(ffmpeg.output(sound, str(draft / "sound.wav"), **encoding.PCM))
    return outputs


def _tagged(stream: Any, facts: Facts) -> Any:
    # An untagged clip is read as players read it: BT.709 from 720 lines on, BT.601 below, limited range.
    if facts.color.matrix != _UNSPECIFIED:
        return stream
    tall = min(facts.width, facts.height) >= 720
    return stream.filter("setparams", colorspace="bt709" if tall else "smpte170m")


def _fit(stream: Any, canvas: Canvas) -> Any:
    # `dar` is the shape as shown: after rotation and with the pixels' own shape.
    width, height, shape = canvas.width, canvas.height, canvas.width / canvas.height
    near = f"lt(abs(dar/{shape:.6f}-1),{FILL_TOLERANCE})"
    wide = f"if({near},max({width},{height}*dar),min({width},{height}*dar))"
    high = f"if({near},max({height},{width}/dar),min({height},{width}/dar))"
    return (
        stream.filter(
            "scale",
            w=f"2*round({wide}/2)",
            h=f"2*round({high}/2)",
            flags="bicubic",
            out_color_matrix="bt709",
            out_range="tv",
        )
        .filter("format", "yuv420p")
        .filter("crop", w=f"min(iw,{width})", h=f"min(ih,{height})")
        .filter("pad", w=width, h=height, x="2*floor((ow-iw)/4)", y="2*floor((oh-ih)/4)")
        .filter("setsar", "1")
        .filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    )


def _draw(stream: Any, overlay: Overlay, *, frames: int, draft: Path) -> Any:
    if overlay.captions:
        captions = draft / "captions.ass"
        captions.write_text(overlay.captions, encoding="utf-8")
        stream = stream.filter("ass", str(captions), fontsdir=str(font_path().parent))
    if overlay.title is not None:
        stream = _lay(stream, overlay.title, first=0, count=overlay.title_frames)
    if overlay.end is not None:
        stream = _lay(stream, overlay.end, first=frames - overlay.end_frames, count=overlay.end_frames)
    return stream


def _lay(stream: Any, card: Path, *, first: int, count: int) -> Any:
    shown = (
        ffmpeg.input(str(card), loop=1, framerate=FPS, t=count / FPS, f="image2", protocol_whitelist="file")
        .video.filter("scale", out_color_matrix="bt709", out_range="tv")
        .filter("format", "yuva420p")
        .filter("fade", type="in", start_frame=0, nb_frames=FADE_FRAMES, alpha=1)
        .filter("fade", type="out", start_frame=max(0, count - FADE_FRAMES), nb_frames=FADE_FRAMES, alpha=1)
        .filter("setpts", f"(N+{first})/{FPS}/TB")
    )
    return ffmpeg.overlay(stream, shown, eof_action="pass", format="yuv420")


def _cover_size(canvas: Canvas) -> tuple[int, int]:
    width = min(canvas.width, COVER_WIDTH)
    return width, 2 * round(canvas.height * width / canvas.width / 2)


def _finish(draft: Path, facts: Facts, covers: bytes, canvas: Canvas, frames: int) -> Part:
    made = probe(draft / "picture.mp4")
    if made.packets != frames:
        raise ClipRejected(
            check="length",
            expected=f"{frames} frames, {MISSING_FRAMES_LIMIT} of them cloned at most",
            found=f"{made.packets} with {MISSING_FRAMES_LIMIT} cloned",
        )
    width, height = _cover_size(canvas)
    pictures = np.frombuffer(covers, np.uint8).reshape(-1, height, width, 3)
    Image.fromarray(sharpest(pictures)).save(draft / "cover.jpg", quality=88)
    if facts.audio is None:
        write_silence(draft / "sound.wav", samples=samples_of(frames))
    if (samples := wav_samples(draft / "sound.wav")) != samples_of(frames):
        raise ClipRejected(check="sound length", expected=f"{samples_of(frames)} samples", found=str(samples))
    runs = read_findings(draft / "findings.log", frames=frames)
    for name in ("findings.log", "captions.ass"):
        (draft / name).unlink(missing_ok=True)
    part = part_in(
        draft,
        frames=frames,
        extradata_sha256=made.extradata_sha256,
        picture_sha256=file_sha256(draft / "picture.mp4"),
        mode=Mode.ENCODED,
        cloned_frames=max(0, frames - round(facts.duration_s * FPS)),
        runs=runs,
    )
    write_part(part)
    return part
