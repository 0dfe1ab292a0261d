"""The one way to run ffmpeg: bounded, its whole group killed, nothing left; and it never waits for a terminal."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from film.canvas import Canvas
from film.errors import CommandFailed, CommandTimedOut
from media.command import MEMORY_LIMIT_BYTES, run_ffmpeg
from media.picture.conform import conform

from .conftest import MakeClip

ENDLESS = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=24", "-f", "null", "-")
#: Writes far more than a pipe holds.
GUSHING = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=24", "-f", "rawvideo", "pipe:1")


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()}


async def test_a_failing_run_tells_its_code_and_its_last_words() -> None:
    with pytest.raises(CommandFailed) as caught:
        await run_ffmpeg(["-i", "/nowhere/clip.mp4", "-f", "null", "-"], deadline_s=60)
    assert caught.value.code != 0
    assert "No such file" in caught.value.stderr_tail


async def test_progress_does_not_hide_the_last_words() -> None:
    args = ["-f", "lavfi", "-i", "color=s=32x32:r=24:d=2", "-vf", "scale=nonsense", "-f", "null", "-"]
    with pytest.raises(CommandFailed) as caught:
        await run_ffmpeg(args, deadline_s=60, on_frame=lambda _: None)
    assert "nonsense" in caught.value.stderr_tail
    assert "progress=" not in caught.value.stderr_tail


@pytest.mark.parametrize("args", [ENDLESS, GUSHING], ids=["quiet", "with a full pipe"])
async def test_a_run_beyond_its_deadline_is_killed(args: tuple[str, ...]) -> None:
    before = children()
    with pytest.raises(CommandTimedOut):
        await run_ffmpeg(args, deadline_s=0.3)
    assert children() == before


async def test_a_run_is_limited_by_the_kernel_too() -> None:
    """Should this process be killed, its child has an end all the same: memory, CPU seconds, no core dump."""
    started = asyncio.Event()
    before = children()
    run = asyncio.create_task(run_ffmpeg(ENDLESS, deadline_s=60, on_frame=lambda _: started.set()))
    await started.wait()
    (pid,) = children() - before
    child = psutil.Process(pid)
    assert child.rlimit(psutil.RLIMIT_AS)[0] == MEMORY_LIMIT_BYTES
    assert 60 <= child.rlimit(psutil.RLIMIT_CPU)[0] <= 60 * (os.cpu_count() or 1) + 1
    assert child.rlimit(psutil.RLIMIT_CORE)[0] == 0
    run.cancel()
    await asyncio.wait({run})


@pytest.mark.parametrize("args", [ENDLESS, GUSHING], ids=["quiet", "with a full pipe"])
async def test_a_cancelled_run_is_killed(args: tuple[str, ...]) -> None:
    before = children()
    started = asyncio.Event()
    run = asyncio.create_task(run_ffmpeg(args, deadline_s=60, on_frame=lambda _: started.set()))
    await started.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert children() == before


async def test_a_cancelled_conform_leaves_nothing(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """Cancelled as soon as its ffmpeg runs: no part, no draft, no process."""
    clip = await make_clip(picture="testsrc2=s=1280x720:r=24:d=10", sound=None)
    before = children()
    started = asyncio.Event()
    into = tmp_path / "part"
    run = asyncio.create_task(conform(clip, canvas=canvas, frames=240, into=into, on_frame=lambda _: started.set()))
    await started.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert children() == before
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_bytes_go_in_and_come_out() -> None:
    raw = bytes(range(256)) * 3
    report = await run_ffmpeg(
        ["-f", "u8", "-ar", "8000", "-ac", "1", "-i", "pipe:0", "-f", "u8", "-c", "copy", "pipe:1"],
        deadline_s=60,
        stdin=raw,
    )
    assert report.stdout == raw


async def test_frames_are_reported_as_they_pass() -> None:
    seen: list[int] = []
    await run_ffmpeg(
        ["-f", "lavfi", "-i", "color=s=32x32:r=24:d=2", "-f", "null", "-"], deadline_s=60, on_frame=seen.append
    )
    assert seen[-1] == 48
    assert seen == sorted(seen)
