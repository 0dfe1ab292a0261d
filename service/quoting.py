"""What a film will cost at the vendors, asked before anything is bought; in live mode a person agrees to it first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from film.errors import ProviderError
from film.orders import Order
from film.profiles import Vendor
from film.purchases import planned_clips, planned_sounds
from film.request import FilmRequest
from ledger.spend import spent_today
from tasks.catalog import VENDORS
from tasks.desk import Counter
from tasks.studio import Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What one vendor is expected to charge, in its own currency; None where it can't say."""

    vendor: str
    expected: Decimal | None
    spent_today: Decimal
    cap: Decimal | None

    def line(self) -> str:
        """Return it as a sentence."""
        unit = VENDORS[Vendor(self.vendor)].unit
        about = "an unknown number of" if self.expected is None else f"about {self.expected:f}"
        cap = "no daily cap" if self.cap is None else f"daily cap {self.cap:f}"
        return f"{about} {unit} ({self.spent_today:f} spent today, {cap})"


async def quotes(studio: Studio, request: FilmRequest, *, segments: Collection[int] | None = None) -> Sequence[Quote]:
    """Return what each vendor would charge for a film; its script isn't written yet, so lines count at their longest.

    Reference images come on top: how many characters there will be is the script's business.

    Args:
        studio: Whose vendors are asked.
        request: The film.
        segments: Indexes of those whose clips are bought; all, if not given.
    """
    video = studio.video(request.provider)
    clips = [order for index, order in enumerate(planned_clips(request)) if segments is None or index in segments]
    wanted: list[tuple[Counter, Order]] = [(video, order) for order in clips]
    wanted += [(studio.voices, order) for order in planned_sounds(request)]
    by_vendor: dict[str, Decimal | None] = {}
    for counter, order in wanted:
        amount, vendor = await _expected(counter, order), counter.vendor.vendor
        former = by_vendor.get(vendor, Decimal(0))
        by_vendor[vendor] = None if amount is None or former is None else former + amount
    caps = {counter.vendor.vendor: counter.cap for counter, _ in wanted}
    return [
        Quote(vendor=vendor, expected=amount, spent_today=await spent_today(studio.books, vendor), cap=caps[vendor])
        for vendor, amount in by_vendor.items()
    ]


async def _expected(counter: Counter, order: Order) -> Decimal | None:
    try:
        return await counter.vendor.estimate(order)
    except ProviderError:
        return None
