"""`longvideo doctor`, the vendors: key, reachable, credits left, limits in force, cap and spending, clocks."""

from collections.abc import Sequence
from typing import Final

from app.catalog import MODELS, VENDORS
from app.context import AppContext, open_context
from app.settings import Settings
from film.errors import LongVideoError, ProviderError, ProviderKeyRefused, ProviderOutOfCredits
from film.profiles import Vendor
from ledger.purchases.vendor_spend import spent_today
from service.doctor.result import CheckResult

#: A clock that is further off than this makes reading a vendor's list by time unsafe.
_CLOCK_OFF_S: Final = 20.0


async def examine_vendors(settings: Settings) -> Sequence[CheckResult]:
    """Ask each vendor whose key is set the one thing that costs nothing; in simulated mode, its simulator."""
    try:
        async with open_context(settings) as ctx:
            return [_mode(settings), await _claude(ctx), *[await _vendor(ctx, vendor) for vendor in Vendor]]
    except LongVideoError as error:
        return [
            _mode(settings),
            CheckResult(name="vendors", fine=False, found=str(error), remedy="mend what is said above"),
        ]


def _mode(settings: Settings) -> CheckResult:
    if not settings.simulated:
        return CheckResult(name="mode", fine=True, found="live: films are bought from the vendors")
    live = "live once a video vendor's key and ANTHROPIC_API_KEY are set"
    return CheckResult(name="mode", fine=True, found=f"SIMULATED, {settings.time_scale:g} times as fast; {live}")


async def _claude(ctx: AppContext) -> CheckResult:
    settings = ctx.settings
    if not settings.simulated and not settings.anthropic_api_key.get_secret_value():
        remedy = "set ANTHROPIC_API_KEY: no script is written without it"
        return CheckResult(name="anthropic", fine=False, found="no key", remedy=remedy)
    return await _ask(ctx, "anthropic", f"writes with {settings.writer_model}, judges with {settings.judge_model}")


async def _vendor(ctx: AppContext, vendor: Vendor) -> CheckResult:
    settings = ctx.settings
    models = [model for model in MODELS if model.vendor is vendor]
    if not settings.simulated and not settings.key_of(vendor):
        # A vendor without a key is only missed by the films that name it.
        names = ", ".join(model.provider for model in models if model.provider)
        return CheckResult(
            name=vendor, fine=True, found=f"no key ({names} can't be ordered: set {vendor.name}_API_KEY)"
        )
    limits = [f"{model.name} {model.submits(settings)}" for model in models]
    told = f"submits a minute: {', '.join(limits)}; {await _spending(ctx, vendor)}"
    finding = await _ask(ctx, vendor, told)
    ahead_s = ctx.clock_ahead_s(vendor)
    if abs(ahead_s) > _CLOCK_OFF_S:
        remedy = "set this machine's clock (NTP): nothing is ordered while the clocks differ"
        return CheckResult(
            name=vendor, fine=False, found=f"its clock is {ahead_s:+.0f} s from this machine's", remedy=remedy
        )
    return finding


async def _spending(ctx: AppContext, vendor: Vendor) -> str:
    spent = await spent_today(ctx.database, vendor)
    cap = ctx.settings.daily_cap_of(vendor)
    return f"today {spent:f} {VENDORS[vendor].unit} of " + (f"at most {cap:f}" if cap is not None else "no cap")


async def _ask(ctx: AppContext, name: str, told: str) -> CheckResult:
    try:
        left = await ctx.accounts[name].credits_available()
    except ProviderError as error:
        return CheckResult(name=name, fine=False, found=str(error), remedy=_remedy(error, name))
    reached = "simulated, key accepted" if ctx.simulated else "key accepted"
    reached += "" if left is None else f", {left:f} credits left"
    return CheckResult(name=name, fine=True, found=f"{reached}; {told}")


def _remedy(error: ProviderError, name: str) -> str:
    if isinstance(error, ProviderKeyRefused):
        return f"check {name.upper()}_API_KEY"
    if isinstance(error, ProviderOutOfCredits):
        return f"buy credits at {name}"
    return f"check the network and LONGVIDEO_{name.upper()}_URL; if both are right, {name} is down"
