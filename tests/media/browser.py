"""A browser that watches a film: headless Chromium plays it, seeks in it, and tells which picture it showed when.

The page reads the eight bars of `pictures.counting` off a canvas, so a wrong picture has a number.
"""

import base64
import json
import os
import queue
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.plain_machine import program

#: How long the whole visit may take, in seconds.
DEADLINE_S = 90.0

_PAGE = """<!doctype html><video id="film" muted playsinline preload="auto" src="/film.mp4"></video><script>
const film = document.getElementById("film"), canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", {willReadFrequently: true});
const once = event => new Promise(done => film.addEventListener(event, done, {once: true}));
const shown = () => new Promise(done => film.requestVideoFrameCallback(done));
const tell = found => fetch("/found", {method: "POST", body: JSON.stringify(found)});
const number = () => {
  pen.drawImage(film, 0, 0);
  const row = pen.getImageData(0, canvas.height / 2, canvas.width, 1).data;
  let value = 0;
  for (let bit = 0; bit < 8; bit++) value += (row[4 * Math.floor((bit + 0.5) * canvas.width / 8)] > 128) << bit;
  return value;
};
async function watch(seeks) {
  if (film.readyState < 1) await once("loadedmetadata");
  canvas.width = film.videoWidth; canvas.height = film.videoHeight;
  const found = {duration_s: film.duration, size: [canvas.width, canvas.height], sought: [], played: [], stills: []};
  for (const second of seeks) {
    const frame = shown(), sought = once("seeked");
    film.currentTime = second;
    await sought;
    await frame;
    found.sought.push(number());
    found.stills.push(canvas.toDataURL("image/png").split(",")[1]);
  }
  film.currentTime = 0;
  await once("seeked");
  const note = (now, frame) => {
    found.played.push([frame.mediaTime, number()]);
    film.requestVideoFrameCallback(note);
  };
  film.requestVideoFrameCallback(note);
  const ended = once("ended");
  film.playbackRate = 2;
  await film.play();
  await ended;
  await tell(found);
}
film.addEventListener("error", () => tell({error: film.error.message}));
watch(SEEKS).catch(error => tell({error: String(error)}));
</script>"""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What the browser showed, as the pictures' own numbers."""

    duration_s: float
    size: tuple[int, int]
    #: After each seek: the number, and the picture itself.
    sought: list[int]
    stills: list[Path]
    #: While it played: seconds of the film's clock, and the number.
    played: list[tuple[float, int]]


def visit(film: Path, *, seeks: Sequence[float], folder: Path) -> Visit:
    """Open the film in the browser, seek to each of `seeks` (seconds), then play it from beginning to end."""
    found: queue.Queue[dict[str, Any]] = queue.Queue()
    page = _PAGE.replace("SEEKS", json.dumps(list(seeks))).encode()
    with _served(page, film.read_bytes(), found) as url, _browsing(url, folder / "profile"):
        said = found.get(timeout=DEADLINE_S)
    assert "error" not in said, said
    stills = [folder / f"still{index:02d}.png" for index in range(len(seeks))]
    for path, still in zip(stills, said["stills"], strict=True):
        path.write_bytes(base64.b64decode(still))
    return Visit(
        duration_s=said["duration_s"],
        size=tuple(said["size"]),
        sought=said["sought"],
        stills=stills,
        played=[tuple(seen) for seen in said["played"]],
    )


@contextmanager
def _served(page: bytes, film: bytes, found: queue.Queue[dict[str, Any]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

        def do_GET(self) -> None:
            if self.path != "/film.mp4":
                self.answer(200 if self.path == "/" else 404, "text/html", page if self.path == "/" else b"")
                return
            first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last or len(film) - 1), len(film) - 1)
            place = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{end}/{len(film)}"}
            self.answer(206, "video/mp4", film[start : end + 1], **place)

        def do_POST(self) -> None:
            found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(204, "text/plain", b"")

        def answer(self, code: int, kind: str, body: bytes, **headers: str) -> None:
            self.send_response(code)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the browser has read enough, or has sought elsewhere

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def _browsing(url: str, profile: Path) -> Iterator[None]:
    # The page is our own; without a sandbox Chromium also runs where the tests run as root.
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"]
    flags += ["--no-first-run", "--disable-background-networking", "--autoplay-policy=no-user-gesture-required"]
    argv = [program("chromium"), *flags, f"--user-data-dir={profile}", url]
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
