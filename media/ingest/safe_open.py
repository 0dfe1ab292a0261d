"""What every foreign file is opened with: named demuxers, the file protocol only, nothing forgiven.

ffmpeg and PyAV link some forty protocols and three hundred demuxers; a playlist named `.mp4` would make them open
others' files and sockets. So foreign files meet a short list, by kind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from film.errors import ClipRejected


class FileKind(StrEnum):
    """The demuxers that may be asked for, by ffmpeg's names."""

    MP4 = "mp4"
    MP3 = "mp3"
    WAV = "wav"
    OGG = "ogg"
    FLAC = "flac"
    SRT = "srt"


_WHITELIST: Final = {FileKind.MP4: "mov,mp4,m4a,3gp,3g2,mj2"}
#: Seconds PyAV may take to open a file, and for each read.
OPEN_TIMEOUT_S: Final = 10.0


def untrusted_input(kind: FileKind) -> dict[str, str | None]:
    """Return the `ffmpeg.input` arguments for a foreign file: any damage ends the run with an error."""
    return {
        "xerror": None,
        "err_detect": "explode",
        "protocol_whitelist": "file",
        "format_whitelist": _WHITELIST.get(kind, kind.value),
        "f": kind.value,
    }


def trusted_input() -> dict[str, str | None]:
    """Return the `ffmpeg.input` arguments for a file this room wrote itself."""
    return {"xerror": None, "protocol_whitelist": "file"}


#: ffmpeg's word for the video streams that are no attached pictures: covers, and the like.
PICTURES: Final = "V"


def pictures_of(container: InputContainer) -> list[VideoStream]:
    """Return the video streams of an open file that move; a cover that lies in it is none."""
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


@contextmanager
def open_untrusted(path: Path, kind: FileKind, **options: str) -> Iterator[InputContainer]:
    """Open a foreign file with PyAV under the guards, and further `options` of its demuxer and decoders.

    Raises:
        ClipRejected: It can't be read as `kind`, at opening or inside the block.
    """
    guards = {"protocol_whitelist": "file", "format_whitelist": _WHITELIST.get(kind, kind.value)}
    guards |= options
    try:
        with av.open(
            str(path), format=kind.value, options=guards, timeout=(OPEN_TIMEOUT_S, OPEN_TIMEOUT_S)
        ) as container:
            yield container
    except (FFmpegError, UnicodeDecodeError) as error:
        raise ClipRejected(check="container", expected=f"a readable {kind.value} file", found=str(error)) from error
