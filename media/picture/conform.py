"""Conform: one validated clip in, its part out; at most one encode, whatever has to be done to the picture."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import ffmpeg
import numpy as np
from PIL import Image

from film.canvas import FPS, SAMPLE_RATE, Canvas, samples_of
from film.errors import ClipRejected, CommandFailed
from media import encoding
from media.command import CommandReport, run_ffmpeg
from media.ingest.ffmpeg_errors import classify_failure
from media.ingest.probe import Facts, PictureFormat, probe, read_picture_format
from media.ingest.safe_open import PICTURES, FileKind, untrusted_input
from media.ingest.validate import MISSING_FRAMES_LIMIT
from media.picture import thumbnails
from media.picture.black_freeze import detect_in_clip, detect_in_part, read_detections
from media.picture.overlay import Overlay, clear_drawn, draw
from media.picture.part import (
    COVER,
    LAST_FRAME,
    PICTURE,
    SOUND,
    THUMBNAILS,
    Mode,
    Part,
    atomic_folder,
    file_sha256,
    part_in,
    relocated,
    write_part,
)
from media.picture.scaling import coverage, scale_and_pad, with_colour_matrix
from media.picture.sharpness import sharpest
from media.picture.smart_cut import HEAD, TAIL, CutPlan, plan_cut, write_cut
from media.sound.pcm import wav_samples, write_silence

#: Every sixth frame is looked at for the cover.
COVER_STEP: Final = 6
COVER_WIDTH: Final = 640
#: A first picture as late as this is taken for the first moment; later ones keep their time, the picture stands still.
LATE_START_S: Final = 0.25

#: The last frame, without loss; a fifth of the usual PNG encode's time for the same size.
_STILL: Final = {"frames:v": 1, "update": 1, "pix_fmt": "rgb24", "pred": "mixed", "compression_level": 1}
_FINDINGS: Final = "findings.log"
_CLIP_FINDINGS: Final = "clip.log"
_COUNT: Final = "decoded.txt"
_TAIL: Final = "tail.mp4"
_HEAD: Final = "head.mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One clip's work: what to read, what to make of it, and where."""

    clip: Path
    facts: Facts
    picture_format: PictureFormat
    canvas: Canvas
    frames: int
    skip_frames: int
    overlay: Overlay
    cut: CutPlan | None
    draft: Path

    def with_colour_matrix(self, stream: Any) -> Any:
        return with_colour_matrix(stream, self.picture_format, width=self.facts.width, height=self.facts.height)

    @property
    def coverage(self) -> float:
        return coverage(self.picture_format, width=self.facts.width, height=self.facts.height, canvas=self.canvas)

    @property
    def cover_size(self) -> tuple[int, int]:
        width = min(self.canvas.width, COVER_WIDTH)
        return width, 2 * round(self.canvas.height * width / self.canvas.width / 2)


async def conform(
    clip: Path,
    *,
    canvas: Canvas,
    frames: int,
    into: Path,
    overlay: Overlay | None = None,
    skip_frames: int = 0,
    may_copy: bool = False,
    on_frame: Callable[[int], None] | None = None,
) -> Part:
    """Make the part of `frames` frames from a validated clip, in the folder `into` (made whole or not at all).

    Args:
        clip: A file that `validate_clip` let in.
        canvas: The film's picture size.
        frames: The part's exact length.
        into: The part's folder; replaced if it is there.
        overlay: What to draw.
        skip_frames: Frames to leave out at the clip's beginning, with their sound: 1 where a chained clip repeats the
            frame it was told to start from (`media.picture.frames.seam`).
        may_copy: Whether a clip that already fits the film may keep its packets. Only for a film on which nothing is
            drawn; before the join `nonconforming_parts` names the parts to be conformed again without it.
        on_frame: Called with the number of frames done, for progress.

    Returns:
        The part; `read_part(into)` gives it again.

    Raises:
        ClipRejected: The clip doesn't decode without an error, or lacks more than half a second.
        DiskFull: There was no room for the part.
        CommandTimedOut: The encode didn't end.
    """
    clip = clip.absolute()
    with atomic_folder(into.absolute()) as draft:
        plan = partial(_plan, canvas=canvas, frames=frames, skip_frames=skip_frames, may_copy=may_copy, draft=draft)
        order = await asyncio.to_thread(plan, clip, overlay or Overlay())
        report = await _encode(order, on_frame)
        part = await asyncio.to_thread(_finish, order, report.stdout)
    return relocated(part, into)


def _plan(
    clip: Path, overlay: Overlay, *, canvas: Canvas, frames: int, skip_frames: int, may_copy: bool, draft: Path
) -> _Job:
    facts, seen, cut_plan = probe(clip), read_picture_format(clip), None
    if may_copy and skip_frames == 0 and overlay.empty and facts.start_s <= LATE_START_S:
        cut_plan = plan_cut(clip, facts, seen, canvas=canvas, frames=frames)
    return _Job(
        clip=clip,
        facts=facts,
        picture_format=seen,
        canvas=canvas,
        frames=frames,
        skip_frames=skip_frames,
        overlay=overlay,
        cut=cut_plan,
        draft=draft,
    )


async def _encode(order: _Job, on_frame: Callable[[int], None] | None) -> CommandReport:
    try:
        args = ffmpeg.merge_outputs(*_outputs(order)).compile()[1:]
        return await run_ffmpeg(args, deadline_s=30 + order.frames / 2, folder=order.draft, on_frame=on_frame)
    except CommandFailed as error:
        raise classify_failure(error, folder=order.draft.parent) from error


def _outputs(order: _Job) -> list[Any]:
    source = ffmpeg.input(str(order.clip), threads=encoding.THREADS, **untrusted_input(FileKind.MP4))
    decoded = source[PICTURES].split()
    # Without an edit list B-frames delay the first picture: a muxer's doing, not the film's.
    late = 0 < order.facts.start_s <= LATE_START_S
    timed = (
        (decoded[0].filter("setpts", "PTS-STARTPTS") if late else decoded[0])
        .filter("fps", fps=FPS, start_time=0)
        .filter("tpad", stop=MISSING_FRAMES_LIMIT + order.skip_frames, stop_mode="clone")
        .filter("trim", start_frame=order.skip_frames, end_frame=order.skip_frames + order.frames)
        .filter("setpts", f"N/{FPS}/TB")
        .split()
    )
    last = order.with_colour_matrix(timed[1]).filter("trim", start_frame=order.frames - 1)
    fitted = scale_and_pad(order.with_colour_matrix(timed[0]), order.canvas).split()
    drawn = draw(fitted[0], order.overlay, frames=order.frames, folder=order.draft).split()
    seen = detect_in_part(drawn[0], _FINDINGS)
    cover = fitted[1].filter("select", f"not(mod(n,{COVER_STEP}))").filter("scale", *order.cover_size, flags="area")
    own = detect_in_clip(order.with_colour_matrix(timed[3]), _CLIP_FINDINGS, filled=order.coverage)
    outputs = [
        _picture(drawn[1], timed[2], order),
        thumbnails.write_thumbnails(seen, order.draft / THUMBNAILS),
        ffmpeg.output(own, "-", f="null"),
        ffmpeg.output(last, str(order.draft / LAST_FRAME), **_STILL),
        ffmpeg.output(cover, "pipe:1", f="rawvideo", pix_fmt="rgb24", fps_mode="passthrough"),
        # What is cut off is decoded too, and every picture counted: damage may also make one vanish.
        ffmpeg.output(
            decoded[1],
            "-",
            f="null",
            fps_mode="passthrough",
            stats_enc_pre=str(order.draft / _COUNT),
            stats_enc_pre_fmt="{fidx}",
        ),
    ]
    if order.cut is not None:
        outputs.append(ffmpeg.output(source[PICTURES], str(order.draft / _HEAD), **HEAD))
    if order.facts.audio is not None:
        outputs.append(_sound(source.audio, order))
    return outputs


def _picture(drawn: Any, timed: Any, order: _Job) -> Any:
    if order.cut is None:
        return ffmpeg.output(drawn, str(order.draft / PICTURE), **encoding.PICTURE)
    tail = timed.filter("trim", start_frame=order.cut.tail_start).filter("setpts", f"N/{FPS}/TB")
    return ffmpeg.output(tail, str(order.draft / _TAIL), **TAIL)


def _sound(stream: Any, order: _Job) -> Any:
    first = samples_of(order.skip_frames)
    cut = (
        stream.filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
        .filter("aformat", sample_fmts="s16", sample_rates=SAMPLE_RATE, channel_layouts="stereo")
        .filter("apad")
        .filter("atrim", start_sample=first, end_sample=first + samples_of(order.frames))
    )
    return ffmpeg.output(cut, str(order.draft / SOUND), **encoding.PCM)


def _finish(order: _Job, covers: bytes) -> Part:
    draft, frames = order.draft, order.frames
    pictures_found = (draft / _COUNT).read_text(encoding="ascii").count("\n")
    if pictures_found != order.facts.frames:
        raise ClipRejected(
            check="decoded frames", expected=f"{order.facts.frames}, as it has packets", found=str(pictures_found)
        )
    if order.cut is not None:
        write_cut(order.clip, order.cut, head=draft / _HEAD, tail=draft / _TAIL, into=draft / PICTURE)
    made = probe(draft / PICTURE)
    if made.packets != frames:
        held = f"{MISSING_FRAMES_LIMIT} of them held at most"
        raise ClipRejected(check="length", expected=f"{frames} frames, {held}", found=str(made.packets))
    width, height = order.cover_size
    pictures = np.frombuffer(covers, np.uint8).reshape(-1, height, width, 3)
    Image.fromarray(sharpest(pictures)).save(draft / COVER, quality=88)
    wanted = samples_of(frames)
    if order.facts.audio is None:
        write_silence(draft / SOUND, samples=wanted)
    if (samples := wav_samples(draft / SOUND)) != wanted:
        raise ClipRejected(check="sound length", expected=f"{wanted} samples", found=str(samples))
    runs, clip_runs = (read_detections(draft / name, frames=frames) for name in (_FINDINGS, _CLIP_FINDINGS))
    clear_drawn(draft)
    for name in (_FINDINGS, _CLIP_FINDINGS, _COUNT, _HEAD, _TAIL):
        (draft / name).unlink(missing_ok=True)
    part = part_in(
        draft,
        frames=frames,
        extradata_sha256=made.extradata_sha256,
        picture_sha256=file_sha256(draft / PICTURE),
        mode=Mode.ENCODED if order.cut is None else order.cut.mode,
        cloned_frames=max(0, order.skip_frames + frames - round(order.facts.duration_s * FPS)),
        runs=runs,
        clip_runs=clip_runs,
    )
    write_part(part)
    return part
