"""What a film will cost at the vendors, asked before anything is bought; in live mode a person agrees to it first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.catalog import VENDORS
from app.context import AppContext
from film.errors import ProviderError
from film.job_specs import JobSpec
from film.profiles import Vendor
from film.purchases import planned_clips, planned_sounds
from film.request import FilmRequest
from ledger.purchases.vendor_spend import spent_today
from purchasing.context import MeteredVendor


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
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


async def estimate_vendor_cost(
    ctx: AppContext, request: FilmRequest, *, segments: Collection[int] | None = None
) -> Sequence[CostEstimate]:
    """Return what each vendor would charge for a film; its script isn't written yet, so lines count at their longest.

    Reference images come on top: how many characters there will be is the script's business.

    Args:
        ctx: Whose vendors are asked.
        request: The film.
        segments: Indexes of those whose clips are bought; all, if not given.
    """
    video = ctx.video_vendor(request.provider)
    clips = [spec for index, spec in enumerate(planned_clips(request)) if segments is None or index in segments]
    wanted: list[tuple[MeteredVendor, JobSpec]] = [(video, spec) for spec in clips]
    wanted += [(ctx.voice_vendor, spec) for spec in planned_sounds(request)]
    by_vendor: dict[str, Decimal | None] = {}
    for metered, spec in wanted:
        amount, vendor = await _expected(metered, spec), metered.adapter.vendor
        former = by_vendor.get(vendor, Decimal(0))
        by_vendor[vendor] = None if amount is None or former is None else former + amount
    caps = {metered.adapter.vendor: metered.daily_cap for metered, _ in wanted}
    return [
        CostEstimate(
            vendor=vendor, expected=amount, spent_today=await spent_today(ctx.database, vendor), cap=caps[vendor]
        )
        for vendor, amount in by_vendor.items()
    ]


async def _expected(vendor: MeteredVendor, spec: JobSpec) -> Decimal | None:
    try:
        return await vendor.adapter.estimate(spec)
    except ProviderError:
        return None
