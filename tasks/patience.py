"""Free questions to a vendor, asked again while it can't be reached: no film fails for a moment's silence."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from film.errors import ProviderRateLimited, ProviderUnavailable
from tasks.desk import Desk

Answer = TypeVar("Answer")

#: The longest wait between two tries, as a multiple of the first.
_BACK_OFF_MAX: Final = 8


async def patiently(desk: Desk, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what a free question gives; never for a paid POST.

    Raises:
        ProviderUnavailable, ProviderRateLimited: The vendor couldn't be asked for `outage_s`.
    """
    began_s, tries = desk.clock.now(), 0
    while True:
        try:
            return await ask()
        except (ProviderUnavailable, ProviderRateLimited):
            if desk.clock.now() - began_s > desk.timings.outage_s:
                raise
        await desk.clock.sleep(desk.timings.patience_s * min(2**tries, _BACK_OFF_MAX))
        tries += 1
