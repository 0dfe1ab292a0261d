"""Free questions to a vendor, asked again while it can't be reached: no film fails for a moment's silence."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from film.errors import ProviderRateLimited, ProviderUnavailable
from purchasing.context import PurchaseContext

Answer = TypeVar("Answer")

#: The longest wait between two tries, as a multiple of the first.
_BACK_OFF_MAX: Final = 8


async def retry_read(ctx: PurchaseContext, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what a free question gives; never for a paid POST.

    Raises:
        ProviderUnavailable, ProviderRateLimited: The vendor couldn't be asked for `vendor_outage_max_s`.
    """
    began_s, tries = ctx.clock.now(), 0
    while True:
        try:
            return await ask()
        except (ProviderUnavailable, ProviderRateLimited):
            if ctx.clock.now() - began_s > ctx.timings.vendor_outage_max_s:
                raise
        await ctx.clock.sleep(ctx.timings.retry_delay_s * min(2**tries, _BACK_OFF_MAX))
        tries += 1
