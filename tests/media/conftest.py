"""Clips of the media tests: drawn by ffmpeg's own sources, small, each made once a session."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from film.canvas import Canvas
from media.command import run_ffmpeg

MakeClip = Callable[..., Awaitable[Path]]

#: What a vendor's file most often is.
PICTURE = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
SOUND = ("-c:a", "aac", "-b:a", "96k")


@pytest.fixture
def canvas() -> Canvas:
    """A small canvas of the common shape."""
    return Canvas(width=320, height=180)


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """Return a function that runs ffmpeg with arguments and gives the file; equal arguments give the same file."""
    folder = tmp_path_factory.mktemp("clips")

    async def run(*args: str | Path, suffix: str = ".mp4") -> Path:
        name = hashlib.sha256("\n".join(map(str, args)).encode()).hexdigest()[:16]
        path = folder / f"{name}{suffix}"
        if not path.exists():
            await run_ffmpeg([*args, path], deadline_s=60)
        return path

    return run


@pytest.fixture(scope="session")
def make_clip(make: MakeClip) -> MakeClip:
    """Return a function that draws one clip: `picture` and `sound` are lavfi sources, `args` encoder arguments."""

    async def run(
        *args: str | Path,
        picture: str = "testsrc2=s=320x180:r=24:d=3",
        sound: str | None = "sine=330:r=44100:d=3",
        encoder: tuple[str, ...] = (*PICTURE, *SOUND),
    ) -> Path:
        inputs = ["-f", "lavfi", "-i", picture]
        if sound is not None:
            inputs += ["-f", "lavfi", "-i", sound]
        return await make(*inputs, *encoder, *args)

    return run
