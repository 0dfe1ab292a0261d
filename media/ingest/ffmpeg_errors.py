"""What a failed run over a foreign file means: the file's fault, a full disk, or the machine's."""

import errno
import signal
from pathlib import Path
from typing import Final

from film.errors import ClipRejected, CommandFailed, DiskFull, MediaError
from media.disk import free_bytes

_OUR_GRAPH: Final = "Error initializing filters"


def classify_failure(error: CommandFailed, *, folder: Path) -> MediaError:
    """Return the error to raise for a failed ffmpeg run that read a foreign file and wrote to `folder`.

    ffmpeg ends with the low byte of its (negative) error number, and by the signal that killed it.
    """
    if error.code == 256 - errno.ENOSPC:
        free = free_bytes(folder)
        return DiskFull(path=str(folder), needed_bytes=free + 1, free_bytes=free)
    if error.code in (256 - errno.ENOMEM, -signal.SIGKILL):
        return error  # the machine's memory: no word about the file
    if _OUR_GRAPH in error.stderr_tail:
        return error  # a filter that can't even begin: what it was told is ours, no picture was seen yet
    last = error.stderr_tail.strip().splitlines()[-1:] or [f"code {error.code}"]
    return ClipRejected(check="decode", expected="pictures and sound without damage", found=last[0][-300:])
