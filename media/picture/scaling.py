"""Fitting: any clip's pictures onto the film's canvas, upright, square pixels, BT.709 in limited range."""

from typing import Any, Final

from film.canvas import Canvas
from media.ingest.probe import PictureFormat

#: A clip whose shape differs by less than this share fills the canvas, losing a rim, rather than stand between bars.
FILL_TOLERANCE: Final = 0.03
#: ITU-T H.273: the matrix number that says nothing, and the transfer curves of HDR (PQ and HLG).
_UNSPECIFIED: Final = 2
_HDR: Final = (16, 18)


def with_colour_matrix(stream: Any, picture_format: PictureFormat, *, width: int, height: int) -> Any:
    """Return a clip's ffmpeg-python video stream with its colour matrix named.

    An untagged clip is read as players read it: BT.709 from 720 lines on, BT.601 below. An HDR clip is brought down to
    the film's range of light first.
    """
    if picture_format.transfer in _HDR:
        return (
            stream.filter("zscale", transfer="linear", npl=100)
            .filter("format", "gbrpf32le")
            .filter("zscale", primaries="bt709")
            .filter("tonemap", tonemap="mobius", desat=0)
            .filter("zscale", transfer="bt709", matrix="bt709", range="tv")
            .filter("format", "yuv420p")
        )
    if picture_format.matrix != _UNSPECIFIED:
        return stream
    tall = min(width, height) >= 720
    return stream.filter("setparams", colorspace="bt709" if tall else "smpte170m")


def coverage(picture_format: PictureFormat, *, width: int, height: int, canvas: Canvas) -> float:
    """Return how much of the canvas a clip's pictures fill (1.0 = no bars)."""
    shape = float(width * picture_format.sample_aspect / height)
    shape = 1 / shape if picture_format.rotation % 180 else shape
    ratio = shape * canvas.height / canvas.width
    return min(ratio, 1 / ratio)


def scale_and_pad(stream: Any, canvas: Canvas) -> Any:
    """Return the `stream` on the canvas: whole, between bars; or filling it, where the shapes nearly agree."""
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
            flags="bicubic+accurate_rnd+full_chroma_int",
            out_color_matrix="bt709",
            out_range="tv",
        )
        .filter("format", "yuv420p")
        .filter("crop", w=f"min(iw,{width})", h=f"min(ih,{height})")
        .filter("pad", w=width, h=height, x="2*floor((ow-iw)/4)", y="2*floor((oh-ih)/4)")
        .filter("setsar", "1")
        .filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    )
