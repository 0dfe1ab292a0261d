"""Who makes what: for each service that delivers files, the maker of its jobs."""

from collections.abc import Mapping
from pathlib import Path

from simulators.drawing.clips import clip_maker
from simulators.drawing.sheets import make_image
from simulators.sounding.voice_files import make_voice
from simulators.world.settings import Service
from simulators.world.workshop import Maker


def makers(assets: Path) -> Mapping[Service, Maker]:
    """Return the makers; reference pictures are looked for in `assets`."""
    make_clip = clip_maker(assets)
    return {
        Service.LISTENHUB_VIDEO: make_clip,
        Service.SENSEAUDIO: make_clip,
        Service.VIBEGEN: make_clip,
        Service.LISTENHUB_VOICE: make_voice,
        Service.LISTENHUB_IMAGES: make_image,
    }
