"""Which of a few pictures is the sharpest: the variance of the Laplacian, a blur lowers it."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def sharpness(picture: Picture) -> float:
    """Return how sharp an RGB picture (height, width, 3) is; only comparable at equal size."""
    gray = picture.astype(np.float32).mean(axis=2)
    laplacian = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:] - 4 * gray[1:-1, 1:-1]
    return float(laplacian.var())


def sharpest(pictures: Iterable[Picture]) -> Picture:
    """Return the sharpest picture, the first of equals.

    Raises:
        ValueError: There is none.
    """
    return max(pictures, key=sharpness)
