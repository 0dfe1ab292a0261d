"""What is drawn on a part's picture: cards and burned captions, all in the part's one encode."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ffmpeg

from film.canvas import FPS
from media.text.fonts import font_path

#: Frames a card takes to appear, and to go.
FADE_FRAMES: Final = 10

#: A card's name is a name, not a pattern of many.
_PICTURE: Final = {
    "loop": 1,
    "framerate": FPS,
    "f": "image2",
    "pattern_type": "none",
    "protocol_whitelist": "file",
}
_CAPTIONS: Final = "captions.ass"
_FONTS: Final = "fonts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What is drawn on a part. Cards are canvas-sized RGBA pictures (media/text/cards); two never overlap."""

    #: Laid over the first `title_frames` frames; it comes and goes.
    title: Path | None = None
    title_frames: int = 0
    #: Laid over the last `end_frames` frames; it comes and stays.
    end: Path | None = None
    end_frames: int = 0
    #: Text of an ASS file (media/text/subtitles.ass), times counted from the part's first frame.
    captions: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return self.title is None and self.end is None and not self.captions


def draw(stream: Any, overlay: Overlay, *, frames: int, folder: Path) -> Any:
    """Return the ffmpeg-python `stream` of `frames` canvas-sized frames with `overlay` drawn on it.

    Args:
        stream: BT.709 frames in limited range.
        overlay: What to draw.
        frames: How many frames the stream has.
        folder: Where ffmpeg will run; the words to burn and their font are put into it, see `clear_drawn`.
    """
    room = frames // 2 if overlay.title is not None and overlay.end is not None else frames
    if overlay.title is not None:
        stream = _lay(stream, overlay.title, first=0, count=min(room, overlay.title_frames), goes=True)
    if overlay.end is not None:
        count = min(room, overlay.end_frames)
        stream = _lay(stream, overlay.end, first=frames - count, count=count, goes=False)
    if overlay.captions:  # last: a card's veil must not dim them
        (folder / _CAPTIONS).write_text(overlay.captions, encoding="utf-8")
        (folder / _FONTS).symlink_to(font_path().parent, target_is_directory=True)
        stream = stream.filter("ass", _CAPTIONS, fontsdir=_FONTS)
    return stream


def clear_drawn(folder: Path) -> None:
    """Remove what `draw` put into `folder`."""
    for name in (_CAPTIONS, _FONTS):
        (folder / name).unlink(missing_ok=True)


def _lay(stream: Any, card: Path, *, first: int, count: int, goes: bool) -> Any:
    """Lay a card over `count` frames from `first` on; it fades in and, if it goes, out again."""
    fade = min(FADE_FRAMES, count // 2)
    shown = (
        # The offset also tells two uses of one picture apart, which ffmpeg-python would take for one stream.
        ffmpeg.input(str(card.absolute()), **_PICTURE, t=count / FPS, itsoffset=first / FPS)
        .video.filter("scale", out_color_matrix="bt709", out_range="tv")
        .filter("format", "yuva420p")
        .filter("fade", type="in", start_frame=0, nb_frames=fade, alpha=1)
    )
    if goes:
        shown = shown.filter("fade", type="out", start_frame=count - fade, nb_frames=fade, alpha=1)
    shown = shown.filter("setpts", f"(N+{first})/{FPS}/TB")
    return ffmpeg.overlay(stream, shown, eof_action="pass", format="yuv420")
