"""The one way to run ffmpeg: argv in, a bounded child process, the tail of its stderr out.

ffmpeg-python builds graphs (`compile()`); this module alone runs them. It never sees a URL: files and pipes only.
"""

import asyncio
import contextlib
import math
import os
import re
import resource
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from film.errors import CommandFailed, CommandTimedOut

STDERR_TAIL_BYTES = 4000
MEMORY_LIMIT_BYTES = 6 * 2**30

_PROGRESS = re.compile(rb"([a-z0-9_]+)=\s*(\S*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReport:
    """What one finished command left: its standard output and the tail of its standard error."""

    stdout: bytes
    stderr_tail: str


def ffmpeg_path() -> str:
    """Return the ffmpeg binary that came with the imageio-ffmpeg wheel; a system ffmpeg is never used."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _limit(pid: int, deadline_s: float) -> None:
    # No child outlives this: should we be killed before its deadline, the kernel ends it. All cores busy all the time.
    cpu_s = math.ceil(deadline_s * (os.cpu_count() or 1)) + 1
    limits = ((resource.RLIMIT_AS, MEMORY_LIMIT_BYTES), (resource.RLIMIT_CPU, cpu_s), (resource.RLIMIT_CORE, 0))
    # Set from outside: a function run between fork and exec is unsafe beside threads.
    with contextlib.suppress(ProcessLookupError):  # it may be over already
        for limit, value in limits:
            resource.prlimit(pid, limit, (value, value))


class _Slots:
    """As many ffmpeg children at once as there are cores, per event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._semaphore = asyncio.Semaphore(1)

    def get(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._semaphore = loop, asyncio.Semaphore(os.cpu_count() or 1)
        return self._semaphore


_slots = _Slots()


async def run_ffmpeg(
    args: Sequence[str | Path],
    *,
    deadline_s: float,
    folder: Path | None = None,
    stdin: bytes | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> CommandReport:
    """Run ffmpeg with `args` (the binary itself left out) and wait for it.

    Args:
        args: Arguments after the binary; input guards (whitelists) belong before their `-i`.
        deadline_s: Seconds of running, waiting for a free core not counted; then the whole process group is killed.
        folder: Where it runs. Filters and lists name files of this folder only, by bare names: a path is made of
            people's names, and any sign of one may mean something there. Other paths must be absolute then.
        stdin: Bytes for its standard input, else it has none.
        on_frame: Called with the frame number ffmpeg reports, for progress.

    Returns:
        Its output and the tail of its messages.

    Raises:
        CommandFailed: It ended with a code other than 0.
        CommandTimedOut: It was still running at the deadline.
    """
    head = [ffmpeg_path(), "-nostdin", "-hide_banner", "-loglevel", "warning", "-y"]
    if stdin is not None:
        head.remove("-nostdin")
    if on_frame is not None:
        head += ["-progress", "pipe:2"]
    argv = [*head, *(str(arg) for arg in args)]
    async with _slots.get():
        return await _run(argv, deadline_s=deadline_s, folder=folder, stdin=stdin, on_frame=on_frame)


async def _run(
    argv: Sequence[str],
    *,
    deadline_s: float,
    folder: Path | None,
    stdin: bytes | None,
    on_frame: Callable[[int], None] | None,
) -> CommandReport:
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    readers = (
        asyncio.create_task(_read_all(process)),
        asyncio.create_task(_read_tail(process, on_frame)),
        asyncio.create_task(_feed(process, stdin)),
    )
    try:
        _limit(process.pid, deadline_s)
        async with asyncio.timeout(deadline_s):
            stdout, tail, _ = await asyncio.gather(*readers)
            code = await process.wait()
    except TimeoutError as error:
        raise CommandTimedOut(command=argv[0], deadline_s=deadline_s) from error
    finally:
        if process.returncode is None:
            await _end(process, readers)
    if code != 0:
        raise CommandFailed(command=" ".join(argv), code=code, stderr_tail=tail)
    return CommandReport(stdout=stdout, stderr_tail=tail)


async def _end(process: asyncio.subprocess.Process, readers: Sequence[asyncio.Task[object]]) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may just have ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    # What it had written must be read: asyncio waits for the pipes' ends too, and a full one would never come to it.
    await process.communicate()


async def _read_all(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - asked for with PIPE
    return await process.stdout.read()


async def _read_tail(process: asyncio.subprocess.Process, on_frame: Callable[[int], None] | None) -> str:
    assert process.stderr is not None  # noqa: S101 - asked for with PIPE
    tail, rest = b"", b""
    while chunk := await process.stderr.read(65536):
        if on_frame is None:
            tail = (tail + chunk)[-STDERR_TAIL_BYTES:]
            continue
        # Progress comes on the same pipe, a `key=value` a line; a line may arrive in two pieces.
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if progress := _PROGRESS.fullmatch(line.rstrip()):
                if progress[1] == b"frame" and progress[2].isdigit():
                    on_frame(int(progress[2]))
            else:
                tail = (tail + line + b"\n")[-STDERR_TAIL_BYTES:]
    return (tail + rest).decode(errors="replace")


async def _feed(process: asyncio.subprocess.Process, stdin: bytes | None) -> None:
    if stdin is None or process.stdin is None:
        return
    process.stdin.write(stdin)
    process.stdin.close()
