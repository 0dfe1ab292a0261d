"""The readers that other tests trust can see what they are there to see."""

from pathlib import Path

import av
import numpy as np

from .pictures import numbers


def test_the_counting_source_counts(tmp_path: Path) -> None:
    """`numbers` is what other tests trust: it must be able to see a repeat."""
    path = tmp_path / "two.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in (5, 5, 131):
            bars = np.repeat([(number >> bit & 1) * 219 + 16 for bit in range(8)], 40)
            planes = np.full((270, 320), 128, np.uint8)
            planes[:180] = bars
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode())
    assert numbers(path) == [5, 5, 131]
