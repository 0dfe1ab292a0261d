"""What a customer brings along is fetched, looked at and used; what isn't what it should be ends the film unpaid."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import av
import numpy as np
import pytest
from PIL import Image

from app.context import AppContext
from film.job_specs import uploaded_music_key
from film.status import ErrorCode, Status
from ledger.database.records import Film
from ledger.films.retry import open_retry, reopen_to_compose
from media.command import run_ffmpeg
from tasks.films.ordering import local_payer
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
    assert (film.status, film.error and film.error.code, film.cost_actual_mc) == (Status.FAILED, code, 0)


async def test_a_vendor_without_uploads_is_sent_the_sheet_itself(ctx: AppContext, vendors: Vendors) -> None:
    """SenseAudio reads no file of ListenHub's: the character's sheet goes into the order."""
    fields = {"prompt": "A red fox looks at the sea", "provider": "senseaudio", "duration": 4}
    film = await made(ctx, await ordered(ctx, **fields))
    assert film.status is Status.COMPLETED
    assert film.anchors
    assert all(anchor.object_key and not anchor.url for anchor in film.anchors)
    assert "data:image/png;base64," in str(vendors.jobs("senseaudio")[-1])


class Host:
    """A customer's server, at the one origin that is allowed here."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0


@pytest.fixture
async def trickling(ctx: AppContext) -> AsyncIterator[Host]:
    """Return a server that sends a byte now and then and never ends."""
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host.asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 100000\r\n\r\n")
        with suppress(OSError):
            while not ended.is_set() and not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), 0.2)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host = Host(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ctx.egress.allowed_origin = host.url
        yield host
        ended.set()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"music": {"url": "/tune.mp3"}}, ErrorCode.MUSIC_FAILED),
        ({"reference_images": ["/look.png"]}, ErrorCode.ANCHOR_FAILED),
    ],
)
async def test_a_file_that_trickles_ends_the_film_unpaid(
    ctx: AppContext, vendors: Vendors, trickling: Host, fields: dict, code: ErrorCode
) -> None:
    """The whole download is bounded, and comes before anything is bought: nothing is charged, no job was made."""
    ctx.purchasing = replace(ctx.purchasing, timings=replace(ctx.timings, brought_s=2))
    jobs = len(vendors.jobs("listenhub-video"))
    whole = {
        name: {"url": trickling.url + value["url"]} if isinstance(value, dict) else [trickling.url + value[0]]
        for name, value in fields.items()
    }
    film = await made(ctx, await ordered(ctx, **whole))
    assert film.error is not None
    assert (film.status, film.error.code, film.cost_actual_mc) == (Status.FAILED, code, 0)
    assert "2 s" in film.error.message
    assert trickling.asked == 1
    assert len(vendors.jobs("listenhub-video")) == jobs


async def test_what_was_brought_is_fetched_once(ctx: AppContext, vendors: Vendors, tune: str) -> None:
    """Composing again and retrying use the stored file: the customer's address may be gone by then."""
    film = await made(ctx, await ordered(ctx, music={"url": tune}))
    ctx.egress.allowed_origin = "http://127.0.0.1:9"  # nothing can be fetched any more
    await reopen_to_compose(ctx.database, film.id)
    again = await made(ctx, film.id)
    assert (again.status, again.compose_n) == (Status.COMPLETED, 1)
    ctx.egress.allowed_origin = "{0.scheme}://{0.netloc}".format(urlsplit(vendors.url))
    new = (await open_retry(ctx.database, film.id, local_payer(ctx.settings), redo=[0])).film_id
    assert (await made(ctx, new)).status is Status.COMPLETED
    assert await ctx.objects.size_of(uploaded_music_key(new)) == await ctx.objects.size_of(uploaded_music_key(film.id))
