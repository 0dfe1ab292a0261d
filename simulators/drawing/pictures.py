"""The pictures a request names, where this process can see them: data URLs and the simulators' own files."""

import base64
import binascii
import io
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PIL import Image, UnidentifiedImageError

_ASSETS = "/assets/"


def picture_at(url: str, assets: Path) -> Image.Image | None:
    """Return the picture behind a URL, None where it can't be seen from here (another host, or no picture)."""
    content = _bytes_at(url, assets)
    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content)) as picture:
            shown: Image.Image = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
    return shown


def pictures_at(urls: list[str], assets: Path) -> list[Image.Image]:
    """Return those of the pictures that can be seen from here."""
    return [picture for url in urls if (picture := picture_at(url, assets)) is not None]


def _bytes_at(url: str, assets: Path) -> bytes | None:
    if url.startswith("data:"):
        try:
            return base64.b64decode(url.partition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            return None
    path = unquote(urlsplit(url).path)
    if not path.startswith(_ASSETS):
        return None
    file = (assets / path.removeprefix(_ASSETS)).resolve()
    if not file.is_relative_to(assets.resolve()) or not file.is_file():
        return None
    return file.read_bytes()
