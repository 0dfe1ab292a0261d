"""The simulated clock: real time for timestamps, one scale for what a vendor takes; tests may move it and stop it."""

import time
from collections.abc import Callable


class Clock:
    """Tells the world's time.

    `shift_ms` is how far the control interface has moved it; `stopped_ms` is where it stands still, None while it runs.
    """

    def __init__(
        self,
        *,
        time_scale: float,
        shift_ms: int = 0,
        stopped_ms: int | None = None,
        real_s: Callable[[], float] = time.time,
    ) -> None:
        self.time_scale = time_scale
        self.shift_ms = shift_ms
        self.stopped_ms = stopped_ms
        self._real_s = real_s

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return self.shift_ms + (self._real_ms() if self.stopped_ms is None else self.stopped_ms)

    def scaled_ms(self, vendor_s: float) -> int:
        """Return how many milliseconds of this clock `vendor_s` of a vendor's seconds last."""
        return int(vendor_s * 1000 / self.time_scale)

    def advance(self, vendor_s: float) -> None:
        """Move ahead by `vendor_s` of a vendor's seconds."""
        self.shift_ms += self.scaled_ms(vendor_s)

    def stop(self) -> None:
        """Stand still: from now on only `advance` moves it."""
        if self.stopped_ms is None:
            self.stopped_ms = self._real_ms()

    def run(self) -> None:
        """Run again, from where it stood."""
        if self.stopped_ms is not None:
            self.shift_ms -= self._real_ms() - self.stopped_ms
            self.stopped_ms = None

    def _real_ms(self) -> int:
        return int(self._real_s() * 1000)
