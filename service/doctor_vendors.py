"""`longvideo doctor`, the vendors: key, reachable, credits left, limits in force, cap and spending, clocks."""

from collections.abc import Sequence
from typing import Final

from film.errors import LongVideoError, ProviderError, ProviderKeyRefused, ProviderOutOfCredits
from film.profiles import Vendor
from ledger.spend import spent_today
from service.finding import Finding
from tasks.catalog import MODELS, VENDORS
from tasks.settings import Settings
from tasks.studio import Studio, open_studio

#: A clock that is further off than this makes reading a vendor's list by time unsafe.
_CLOCK_OFF_S: Final = 20.0


async def examine_vendors(settings: Settings) -> Sequence[Finding]:
    """Ask each vendor whose key is set the one thing that costs nothing; in simulated mode, its simulator."""
    try:
        async with open_studio(settings) as studio:
            return [_mode(settings), await _claude(studio), *[await _vendor(studio, vendor) for vendor in Vendor]]
    except LongVideoError as error:
        return [
            _mode(settings),
            Finding(name="vendors", fine=False, found=str(error), remedy="mend what is said above"),
        ]


def _mode(settings: Settings) -> Finding:
    if not settings.simulated:
        return Finding(name="mode", fine=True, found="live: films are bought from the vendors")
    live = "live once a video vendor's key and ANTHROPIC_API_KEY are set"
    return Finding(name="mode", fine=True, found=f"SIMULATED, {settings.time_scale:g} times as fast; {live}")


async def _claude(studio: Studio) -> Finding:
    settings = studio.settings
    if not settings.simulated and not settings.anthropic_api_key.get_secret_value():
        remedy = "set ANTHROPIC_API_KEY: no script is written without it"
        return Finding(name="anthropic", fine=False, found="no key", remedy=remedy)
    return await _asked(studio, "anthropic", f"writes with {settings.writer_model}, judges with {settings.judge_model}")


async def _vendor(studio: Studio, vendor: Vendor) -> Finding:
    settings = studio.settings
    models = [model for model in MODELS if model.vendor is vendor]
    if not settings.simulated and not settings.key_of(vendor):
        # A vendor without a key is only missed by the films that name it.
        names = ", ".join(model.provider for model in models if model.provider)
        return Finding(name=vendor, fine=True, found=f"no key ({names} can't be ordered: set {vendor.name}_API_KEY)")
    limits = [f"{model.name} {model.submits(settings)}" for model in models]
    told = f"submits a minute: {', '.join(limits)}; {await _spending(studio, vendor)}"
    finding = await _asked(studio, vendor, told)
    ahead_s = studio.clock_ahead_s(vendor)
    if abs(ahead_s) > _CLOCK_OFF_S:
        remedy = "set this machine's clock (NTP): nothing is ordered while the clocks differ"
        return Finding(
            name=vendor, fine=False, found=f"its clock is {ahead_s:+.0f} s from this machine's", remedy=remedy
        )
    return finding


async def _spending(studio: Studio, vendor: Vendor) -> str:
    spent = await spent_today(studio.books, vendor)
    cap = studio.settings.daily_cap_of(vendor)
    return f"today {spent:f} {VENDORS[vendor].unit} of " + (f"at most {cap:f}" if cap is not None else "no cap")


async def _asked(studio: Studio, name: str, told: str) -> Finding:
    try:
        left = await studio.accounts[name].credits_available()
    except ProviderError as error:
        return Finding(name=name, fine=False, found=str(error), remedy=_remedy(error, name))
    reached = "simulated, key accepted" if studio.simulated else "key accepted"
    reached += "" if left is None else f", {left:f} credits left"
    return Finding(name=name, fine=True, found=f"{reached}; {told}")


def _remedy(error: ProviderError, name: str) -> str:
    if isinstance(error, ProviderKeyRefused):
        return f"check {name.upper()}_API_KEY"
    if isinstance(error, ProviderOutOfCredits):
        return f"buy credits at {name}"
    return f"check the network and LONGVIDEO_{name.upper()}_URL; if both are right, {name} is down"
