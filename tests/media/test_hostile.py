"""Hostile and damaged files: every one is refused, by validation or strict decode, and nothing is left behind."""

import asyncio
import os
import random
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from film.canvas import Canvas
from film.errors import ClipRejected, CommandFailed
from media.command import run_ffmpeg
from media.ingest.probe import probe
from media.ingest.validate import validate_clip
from media.picture.conform import conform

from .airgap import POSSIBLE, run_airgapped
from .conftest import MakeClip

#: `make prove-hostile` asks for 500.
MUTATIONS = int(os.environ.get("LONGVIDEO_PROVE_MUTATIONS", "50"))


#: Nothing may take longer to be judged.
HANG_S = 60
AIRGAP = pytest.mark.skipif(not POSSIBLE, reason="needs Linux on x86-64 or ARM64")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port on loopback that nobody may knock at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


def playlist(port: int) -> bytes:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:3", "#EXTINF:3,", f"http://127.0.0.1:{port}/a.mp4", "#EXT-X-ENDLIST"]
    return "\n".join(lines).encode()


def fake_box(payload: bytes) -> bytes:
    """The same bytes behind an honest-looking first box."""
    return b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomavc1" + payload


#: name -> (bytes from the listener's port and a good clip, the check that must refuse them)
FOREIGN: dict[str, tuple[Callable[[int, bytes], bytes], str]] = {
    "empty": (lambda _port, _clip: b"", "size"),
    "zeros": (lambda _port, _clip: bytes(5000), "magic"),
    "html": (lambda _port, _clip: b"<!doctype html><title>502 Bad Gateway</title>" * 20, "magic"),
    "json": (lambda _port, _clip: b'{"error": "expired"}', "magic"),
    "hls playlist": (lambda port, _clip: playlist(port), "magic"),
    "hls playlist behind a box": (lambda port, _clip: fake_box(playlist(port)), "container"),
    "ffconcat": (lambda port, _clip: f"ffconcat version 1.0\nfile http://127.0.0.1:{port}/a\n".encode(), "magic"),
    "sdp": (lambda port, _clip: f"v=0\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n".encode(), "magic"),
    "html behind a box": (lambda _port, _clip: fake_box(b"<html>" * 500), "container"),
    # moov stands at the end of this clip
    "moov missing": (lambda _port, clip: clip[: len(clip) // 2], "container"),
    "another container": (lambda _port, _clip: b"\x1aE\xdf\xa3" + bytes(400), "magic"),
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_foreign_file_is_refused(
    name: str, make_clip: MakeClip, listener: socket.socket, canvas: Canvas, tmp_path: Path
) -> None:
    """By the validation; and by conform too, should somebody forget the validation."""
    content, check = FOREIGN[name]
    path = tmp_path / "clip.mp4"
    path.write_bytes(content(listener.getsockname()[1], (await make_clip()).read_bytes()))
    with pytest.raises(ClipRejected) as caught:
        validate_clip(path, kept_s=3)
    assert caught.value.check == check
    with pytest.raises(ClipRejected):
        await conform(path, canvas=canvas, frames=72, into=tmp_path / "part")
    assert left_in(tmp_path) == ["clip.mp4"]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def judged(path: Path, canvas: Canvas, folder: Path) -> bool:
    """Whether the clip gets in; it is told in time, and by no process that was killed at a socket."""
    try:
        async with asyncio.timeout(HANG_S):
            validate_clip(path, kept_s=3)
            await conform(path, canvas=canvas, frames=72, into=folder / "part")
    except ClipRejected as refused:
        cause = refused.__cause__
        assert not isinstance(cause, CommandFailed) or cause.code != -signal.SIGSYS
        return False
    return True


@pytest.mark.parametrize("percent", [10, 50, 90, 99])
@pytest.mark.parametrize("front", [True, False], ids=["index first", "index last"])
async def test_a_truncated_clip_is_refused(
    percent: int, make_clip: MakeClip, canvas: Canvas, tmp_path: Path, *, front: bool
) -> None:
    whole = (await make_clip(*(("-movflags", "+faststart") if front else ()))).read_bytes()
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole[: len(whole) * percent // 100])
    assert not await judged(path, canvas, tmp_path)
    assert left_in(tmp_path) == ["clip.mp4"]


async def test_random_bytes_in_the_payload_are_refused(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """The headers stay right and every packet can be read: only the decode can tell."""
    whole = bytearray((await make_clip("-b:v", "800k")).read_bytes())
    middle = len(whole) // 3
    whole[middle : middle + 20_000] = random.Random(7).randbytes(20_000)
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole)
    validate_clip(path, kept_s=3)  # it passes the validation, so that this test tests the decode
    assert not await judged(path, canvas, tmp_path)


@AIRGAP
async def test_no_mutation_is_accepted_wrongly(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """Wrongly: although an independent strict decode errs, or finds another number of pictures than the index has.

    Nor does one open a socket, or take longer than half a minute.
    """
    whole = (await make_clip("-movflags", "+faststart")).read_bytes()
    chance = random.Random(20_261_120)
    path = tmp_path / "clip.mp4"

    async def all_judged() -> tuple[int, list[int]]:
        accepted, wrongly = 0, []
        for number in range(MUTATIONS):
            path.write_bytes(mutated(whole, chance))
            if await judged(path, canvas, tmp_path):
                accepted += 1
                if not await decodes(path):
                    wrongly.append(number)
        return accepted, wrongly

    accepted, wrongly = run_airgapped(all_judged)
    assert wrongly == []
    assert accepted < MUTATIONS  # a mutator that damages nothing would show nothing
    assert left_in(tmp_path) in (["clip.mp4"], ["clip.mp4", "part"])


@AIRGAP
async def test_a_socket_would_be_seen(listener: socket.socket) -> None:
    """The test of the test: ffmpeg without our guards is killed as it opens its socket."""
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/a.mp4"
    with pytest.raises(CommandFailed) as caught:
        run_airgapped(lambda: run_ffmpeg(["-i", url, "-f", "null", "-"], deadline_s=30))
    assert caught.value.code == -signal.SIGSYS


@AIRGAP
@pytest.mark.parametrize("name", FOREIGN)
async def test_a_foreign_file_opens_no_socket(
    name: str, make_clip: MakeClip, listener: socket.socket, canvas: Canvas, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(FOREIGN[name][0](listener.getsockname()[1], (await make_clip()).read_bytes()))

    async def conformed_anyway() -> None:
        with pytest.raises(ClipRejected) as refused:
            await conform(path, canvas=canvas, frames=72, into=tmp_path / "part")
        assert not isinstance(refused.value.__cause__, CommandFailed)

    assert not run_airgapped(lambda: judged(path, canvas, tmp_path))
    run_airgapped(conformed_anyway)


@AIRGAP
async def test_a_clip_that_names_its_data_elsewhere_is_read_from_itself_alone(
    make_clip: MakeClip, listener: socket.socket, canvas: Canvas, tmp_path: Path
) -> None:
    """An MP4's data reference may be a URL (ISO/IEC 14496-12, 8.7.2): nobody follows it."""
    whole = (await make_clip()).read_bytes()
    here = struct.pack(">I4sI", 12, b"url ", 1)  # flag 1: in this file
    assert whole.count(here) == 2
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/a".encode() + b"\0"
    path = tmp_path / "clip.mp4"
    path.write_bytes(with_box_grown(whole, here, struct.pack(">I4sI", 12 + len(url), b"url ", 0) + url))
    run_airgapped(lambda: judged(path, canvas, tmp_path))


def with_box_grown(whole: bytes, box: bytes, other: bytes) -> bytes:
    """Put `other` in the place of the first `box`, and let every box around it grow; the index stands last."""
    data, at, more = bytearray(whole), whole.index(box), len(other) - len(box)
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        size_at = whole.rindex(name, 0, at) - 4
        struct.pack_into(">I", data, size_at, struct.unpack_from(">I", whole, size_at)[0] + more)
    data[at : at + len(box)] = other
    return bytes(data)


def mutated(whole: bytes, chance: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 4, 16))):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at : at + 64] = chance.randbytes(min(64, len(data) - at))
            case 2:
                data[at : at + 32] = bytes(min(32, len(data) - at))
            case _:
                del data[at : at + chance.randrange(1, 40)]
    return bytes(data)


async def decodes(path: Path) -> bool:
    guards = ["-xerror", "-err_detect", "explode", "-protocol_whitelist", "file", "-f", "mp4", "-threads", "1"]
    try:
        report = await run_ffmpeg(
            [*guards, "-i", path, "-map", "0:v", "-map", "0:a?", "-f", "framecrc", "-fps_mode", "passthrough", "-"],
            deadline_s=30,
        )
    except CommandFailed:
        return False
    pictures = sum(line.startswith(b"0,") for line in report.stdout.splitlines())
    return pictures == probe(path).frames
