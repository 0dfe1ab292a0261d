"""The simulated clock: real time for timestamps, one scale for what a vendor takes, a shift that tests can set."""

import time
from collections.abc import Callable


class Clock:
    """Tells the world's time. `shift_ms` is how far the control interface has moved it ahead of real time."""

    def __init__(self, *, time_scale: float, shift_ms: int = 0, real_s: Callable[[], float] = time.time) -> None:
        self.time_scale = time_scale
        self.shift_ms = shift_ms
        self._real_s = real_s

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return int(self._real_s() * 1000) + self.shift_ms

    def scaled_ms(self, vendor_s: float) -> int:
        """Return how many milliseconds of this clock `vendor_s` of a vendor's seconds last."""
        return int(vendor_s * 1000 / self.time_scale)
