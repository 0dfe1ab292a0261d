"""Reading pictures back in tests: by PyAV and arithmetic of our own, so that ffmpeg doesn't judge itself."""

import itertools
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS = 8


def counting(rate: str, frames: int, size: str, *, first: int = 0) -> str:
    """Return a lavfi source whose frames carry their number, from `first` on, as eight bars, the lowest bit first."""
    bars = f"nullsrc=s={BITS}x2:r={rate},geq=lum='16+219*mod(floor((N+{first})/pow(2,X)),2)':cb=128:cr=128"
    return f"{bars},trim=end_frame={frames},scale={size}:flags=neighbor,setsar=1"


def numbers(path: Path, *, share: float = 1.0) -> list[int]:
    """Return the number that each shown frame carries, its bars filling the middle `share` of the width."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            plane = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
            row = plane[frame.height * 2 // 5 : frame.height * 3 // 5, : frame.width].mean(axis=0)
            at = [int(frame.width * (0.5 + share * ((bit + 0.5) / BITS - 0.5))) for bit in range(BITS)]
            found.append(sum((row[x] > 128) << bit for bit, x in enumerate(at)))
    return found


def rgb(path: Path, index: int = 0) -> NDArray[np.float64]:
    """Return one frame as RGB by the formulas of BT.709 in limited range, whatever its tags say."""
    with av.open(str(path)) as container:
        frame = next(itertools.islice(container.decode(video=0), index, None))
    planes = [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size) for plane in frame.planes]
    y = planes[0][: frame.height, : frame.width].astype(np.float64)
    u, v = (
        plane[: frame.height // 2, : frame.width // 2].astype(np.float64).repeat(2, 0).repeat(2, 1)
        for plane in planes[1:]
    )
    y, u, v = (y - 16) * 255 / 219, (u - 128) * 255 / 224, (v - 128) * 255 / 224
    return np.stack([y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u], axis=2).clip(0, 255)


def patch(picture: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    """Return the mean colour around a point, given as shares of width and height."""
    high, wide = picture.shape[:2]
    row, column = int(y * high), int(x * wide)
    reach = max(2, high // 40)
    square = picture[row - reach : row + reach, column - reach : column + reach]
    return square.reshape(-1, 3).mean(axis=0)
