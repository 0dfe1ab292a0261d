"""The one font every drawn word uses: WenQuanYi Micro Hei from a wheel, Latin and CJK in one file."""

from functools import cache
from importlib.resources import files
from pathlib import Path

#: The family name inside the file, for filters that look a face up in a folder (`fontsdir=`).
FAMILY = "WenQuanYi Micro Hei"


@cache
def font_path() -> Path:
    """Return the font file; it comes with the `paperang-p2-fonts-cjk` wheel, never from the system."""
    return Path(str(files("paperang_p2_fonts_cjk"))) / "fonts" / "wqy-microhei.ttc"
