"""One executing process of a history: it may be killed or paused as a whole, at any await, as a seed decides."""

import asyncio
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.simulation.virtual_loop import VirtualClock

#: Trouble at one await in so many, one of these a history: some begin badly, others go wrong late.
_TROUBLE_ODDS: Final = (8, 30, 90)
#: Pauses, in leases: one barely noticed, some that lose the film, some in which another process proves an absence.
_PAUSES: Final = (0.1, 0.5, 1.2, 2, 5, 8)
#: How long a transaction, a file or a switch of tasks takes at most, in seconds: enough to shuffle who is first.
_STEP_S: Final = 0.05


#: How often the next process is on the same machine.
_SEEN_DEAD: Final = 0.5


class Fate(StrEnum):
    """What may happen to a process at an await."""

    KILL = "kill"
    PAUSE = "pause"
    CANCEL = "cancel"


#: A film can be canceled but once: that fate is the rarest.
_DEALT: Final = (Fate.KILL, Fate.KILL, Fate.KILL, Fate.PAUSE, Fate.PAUSE, Fate.PAUSE, Fate.CANCEL)


@dataclass(kw_only=True)
class Fates:
    """The seed's decisions about processes. A history has only so much trouble in store, so that it ends."""

    rng: random.Random
    left: int
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Decide when there will be trouble."""
        self._odds = self.rng.choice(_TROUBLE_ODDS)

    def next(self, *, pausing: bool) -> Fate | None:
        """Return what happens now, None for nothing."""
        if self.left == 0 or self.rng.randrange(self._odds):
            return None
        fate = self.rng.choice(_DEALT)
        if fate is Fate.PAUSE and not pausing:
            return None
        self.left -= 1
        return fate


class Process:
    """A process that makes films: everything it does outside its own memory passes `point`."""

    def __init__(self, name: str, clock: VirtualClock, fates: Fates, *, lease_s: float) -> None:
        self.name = name
        self.alive = True
        self.over = False
        #: Set when it is killed or paused: its film will need another one.
        self.faltered = asyncio.Event()
        #: Set when the customer cancels; the world does it.
        self.cancel_wanted = asyncio.Event()
        #: Whether its death is seen by the next process, which then needn't wait for the lease to lapse.
        self.seen_dead = fates.rng.random() < _SEEN_DEAD
        self.slept_s = 0.0
        self._clock = clock
        self._fates = fates
        self._lease_s = lease_s
        self._wakes_s = 0.0
        self._graves: list[asyncio.Future[None]] = []

    async def point(self, name: str, *, pausing: bool = True) -> None:
        """Let the seed decide what happens here; a dead process never comes back from it.

        Args:
            name: What is about to happen, or has.
            pausing: False between the deadline check and the socket write: the one pause that nothing can fence, which
                the protocol names and leaves to the daily audit.
        """
        await self._go_on()
        fate = self._fates.next(pausing=pausing)
        if fate is not None:
            self._fates.happened.append(f"{self._clock.now() % 1e6:.2f} {fate} {self.name} at {name}")
        if fate is Fate.KILL:
            self.kill()
        elif fate is Fate.CANCEL:
            self.cancel_wanted.set()
        elif fate is Fate.PAUSE:
            pause_s = self._fates.rng.choice(_PAUSES) * self._lease_s
            self.slept_s += pause_s
            self._wakes_s = self._clock.now() + pause_s
            self.faltered.set()
        if pausing:
            await asyncio.sleep(self._fates.rng.random() * _STEP_S)
        await self._go_on()

    def kill(self) -> None:
        """End the process without any cleanup: whatever it awaits, it will never go on."""
        self.alive = False
        self.faltered.set()

    async def _go_on(self) -> None:
        while self.alive and self._wakes_s > self._clock.now():  # noqa: ASYNC110 - a pause may grow while it lasts
            await asyncio.sleep(self._wakes_s - self._clock.now())
        if not self.alive:
            if self.over:  # the history has ended and throws its dead away
                raise asyncio.CancelledError
            grave: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._graves.append(grave)  # or the collector would clean up what must not be cleaned up
            await grave
