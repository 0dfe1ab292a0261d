"""What a customer brings along is fetched, looked at and used; what isn't what it should be ends the film unpaid."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.context import AppContext
from film.status import ErrorCode, Status
from ledger.database.records import Film
from media.command import run_ffmpeg
from tests.flows.conftest import Vendors, made, ordered

TONE_HZ = 440


async def uploaded(ctx: AppContext, file: Path, content_type: str) -> str:
    """Return the address of a customer's file: on the simulators, which stand for the internet here."""
    return await ctx.storage().upload(file, content_type=content_type)


@pytest.fixture
async def picture(ctx: AppContext, tmp_path: Path) -> str:
    """Return the address of a picture."""
    file = tmp_path / "look.png"
    Image.new("RGB", (640, 360), "teal").save(file)
    return await uploaded(ctx, file, "image/png")


@pytest.fixture
async def tune(ctx: AppContext, tmp_path: Path) -> str:
    """Return the address of 20 s of a tone."""
    file = tmp_path / "tone.mp3"
    await run_ffmpeg(["-f", "lavfi", "-i", f"sine=f={TONE_HZ}:d=20", "-b:a", "96k", file], deadline_s=60)
    return await uploaded(ctx, file, "audio/mpeg")


def loudest_hz(ctx: AppContext, film: Film) -> float:
    """Return the loudest frequency of a film's sound."""
    assert film.result is not None
    path = ctx.objects.local_path(film.result.film)
    with av.open(str(path)) as opened:
        sound = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in opened.decode(audio=0)])
    spectrum = np.abs(np.fft.rfft(sound))
    return float(spectrum.argmax() * 48_000 / len(sound))


async def test_a_customers_music_and_pictures_are_used(
    ctx: AppContext, vendors: Vendors, picture: str, tune: str
) -> None:
    """The picture goes into every order with its size; the tune is heard, and none is bought."""
    voices = len(vendors.jobs("listenhub-voice"))
    film = await made(ctx, await ordered(ctx, reference_images=[picture], music={"url": tune}))
    assert film.status is Status.COMPLETED
    orders = [str(job) for job in vendors.jobs("listenhub-video")[-2:]]
    assert all(picture in order and "640" in order for order in orders)
    assert len(vendors.jobs("listenhub-voice")) == voices
    assert loudest_hz(ctx, film) == pytest.approx(TONE_HZ, abs=2)


@pytest.mark.parametrize(("field", "code"), [("picture", ErrorCode.ANCHOR_FAILED), ("music", ErrorCode.MUSIC_FAILED)])
async def test_what_is_not_what_it_should_be_ends_the_film(
    ctx: AppContext, vendors: Vendors, picture: str, tune: str, field: str, code: ErrorCode
) -> None:
    """A tune for a picture, or a picture for a tune: refused, and whatever wasn't used goes back."""
    fields = {"reference_images": [tune]} if field == "picture" else {"music": {"url": picture}}
    film = await made(ctx, await ordered(ctx, **fields))
    assert (film.status, film.error and film.error.code) == (Status.FAILED, code)


async def test_a_vendor_without_uploads_is_sent_the_sheet_itself(ctx: AppContext, vendors: Vendors) -> None:
    """SenseAudio reads no file of ListenHub's: the character's sheet goes into the order."""
    fields = {"prompt": "A red fox looks at the sea", "provider": "senseaudio", "duration": 4}
    film = await made(ctx, await ordered(ctx, **fields))
    assert film.status is Status.COMPLETED
    assert film.anchors
    assert all(anchor.object_key and not anchor.url for anchor in film.anchors)
    assert "data:image/png;base64," in str(vendors.jobs("senseaudio")[-1])
