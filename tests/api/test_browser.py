"""A film's link in a real browser: `<video>` plays it and seeks in it, from another origin."""

import asyncio
from pathlib import Path
from urllib.parse import unquote

import av
import numpy as np
import pytest

from store.links import Links
from tests.api.service_context import ServiceUnderTest
from tests.api.serving import free_port, served
from tests.plain_machine import needs, program

#: Tells what the player does by asking for pictures of that name.
_PAGE = """<!doctype html><video id="v" src="{url}" muted playsinline preload="auto"></video><script>
const v = document.getElementById("v"), say = (word) => {{ new Image().src = "/say/" + encodeURIComponent(word); }};
v.onerror = () => say("error " + v.error.message);
v.onloadedmetadata = () => {{ say("duration " + v.duration); v.play(); }};
v.ontimeupdate = () => {{
  if (v.currentTime < 0.5 || v.currentTime > 5) return;
  v.ontimeupdate = null; v.pause(); say("played");
  v.onseeked = () => say("seeked " + v.currentTime.toFixed(1)); v.currentTime = 7;
}};
</script>"""


def _film(path: Path) -> None:
    """Write nine seconds of moving grey, as large as it takes for a player to ask for ranges."""
    noise = np.random.default_rng(1)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as output:
        stream = output.add_stream("libx264", rate=24, options={"preset": "ultrafast", "crf": "18", "g": "24"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for _ in range(9 * 24):
            picture = noise.integers(0, 255, (360, 640, 3), dtype=np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())


@pytest.mark.processes
@needs("chromium")
async def test_a_browser_plays_and_seeks(lite: ServiceUnderTest, tmp_path: Path) -> None:
    """The length is known, playing gets on, and a jump to 7 s lands there."""
    port, told = free_port(), list[str]()
    film = tmp_path / "film.mp4"
    await asyncio.to_thread(_film, film)
    await lite.objects.put("films/vid_1/film.mp4", film)
    base = f"http://127.0.0.1:{port}"
    links = Links(objects=lite.objects, public_url=base, secret=b"links", clock=lite.clock)
    page = _PAGE.format(url=await links.link("films/vid_1/film.mp4"))
    seeked = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # a browser opens connections it may never use
            return
        path = unquote(head.split(b" ", 2)[1].decode())
        if path.startswith("/say/"):
            told.append(path.removeprefix("/say/"))
            if told[-1].startswith(("seeked", "error")):
                seeked.set()
        body = page.encode() if path == "/" else b""
        said = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(said.encode() + body)
        await writer.drain()
        writer.close()

    async with (
        served(lite.with_deps(links=links).deps, port),
        await asyncio.start_server(answer, "127.0.0.1", 0) as web,
    ):
        own = web.sockets[0].getsockname()[1]
        argv = ["--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
        argv += [f"--user-data-dir={tmp_path / 'profile'}", "--remote-debugging-port=0", f"http://127.0.0.1:{own}/"]
        browser = await asyncio.create_subprocess_exec(program("chromium"), *argv, stderr=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(90):
                await seeked.wait()
        finally:
            browser.terminate()
            await browser.wait()
    assert told == ["duration 9", "played", "seeked 7.0"]
