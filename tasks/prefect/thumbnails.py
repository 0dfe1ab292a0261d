"""A segment's picture, small enough to stand in a page."""

import base64
import io
from pathlib import Path
from typing import Final

from PIL import Image

_SIZE: Final = (144, 144)
_QUALITY: Final = 60


def thumbnail_url(file: Path) -> str:
    """Return a picture as a data URL of a small JPEG."""
    with Image.open(file) as picture:
        picture.thumbnail(_SIZE)
        small = io.BytesIO()
        picture.convert("RGB").save(small, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(small.getvalue()).decode()}"
