"""Mux: picture, sound and subtitles become the film's file, with its label; it appears whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import ffmpeg

from film.canvas import TIMESCALE
from media.command import run_ffmpeg
from media.film.join import concat_list
from media.ingest.safe_open import FileKind, trusted_input
from media.text.languages import iso_639_2

#: The metadata key of the implicit label (GB 45438-2025, appendix F).
LABEL_KEY: Final = "AIGC"


async def mux(
    *,
    picture: Path | Sequence[Path],
    sound: Path,
    subtitles: Path | None,
    language: str,
    label: Mapping[str, str],
    title: str,
    into: Path,
) -> None:
    """Write the film's file; every stream is copied, subtitles become mov_text.

    Args:
        picture: The joined picture, or the video-only parts: then they are joined in this one pass.
        sound: The sound that `media.sound.mix.mix` made.
        subtitles: An SRT file, or None for a film whose subtitles are burned in or unwanted.
        language: BCP 47 tag of sound and subtitles.
        label: The implicit label's fields, written as compact JSON.
        title: The film's title.
        into: The .mp4 file; replaced in one step.

    Raises:
        DeliverableRejected: The parts don't share one sample description.
        CommandFailed: A piece can't be read, or the film can't be written.
    """
    code = iso_639_2(language)
    with TemporaryDirectory(prefix=f".{into.name}.", dir=into.parent.absolute()) as name:
        folder = Path(name)
        draft = folder / "film.mp4"
        film = _own(picture) if isinstance(picture, Path) else concat_list(picture, folder)
        streams: list[Any] = [film.video, _own(sound).audio]
        settings: dict[str, Any] = {
            "c": "copy",
            "map_metadata": -1,
            "map_chapters": -1,
            # One key may stand once in ffmpeg-python's table; the number after `g` only tells them apart.
            "metadata:g:0": f"title={title}",
            "metadata:g:1": f"{LABEL_KEY}={json_label(label)}",
            "metadata:s:a:0": f"language={code}",
            "video_track_timescale": TIMESCALE,
            "movflags": "+faststart+use_metadata_tags",
            "f": "mp4",
        }
        if subtitles is not None:
            streams.append(
                ffmpeg.input(str(subtitles.absolute()), f=FileKind.SRT.value, protocol_whitelist="file")["s:0"]
            )
            settings |= {"c:s": "mov_text", "metadata:s:s:0": f"language={code}", "disposition:s:0": "default"}
        await run_ffmpeg(ffmpeg.output(*streams, str(draft), **settings).compile()[1:], deadline_s=180, folder=folder)
        draft.replace(into)


def json_label(label: Mapping[str, str]) -> str:
    """Return the implicit label as the compact JSON that is stored."""
    return json.dumps(dict(label), ensure_ascii=False, separators=(",", ":"))


def _own(path: Path) -> Any:
    return ffmpeg.input(str(path.absolute()), **trusted_input())
