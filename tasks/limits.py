"""What each vendor's model takes from one key, as the settings say today: what an audit holds submits against."""

from film.profiles import PROFILES, Provider, Vendor
from ledger.audit_attempts import SubmitLimit
from providers.registry import LISTENHUB_MODELS
from tasks.settings import Settings
from tasks.timings import Timings


def submit_limits(settings: Settings) -> list[SubmitLimit]:
    """Return what each vendor's model takes from one key, as the settings say today."""
    timings = Timings.simulated(settings.time_scale) if settings.simulated else Timings()
    per_minute = {
        (PROFILES[provider].vendor, PROFILES[provider].model): settings.submits_per_minute(provider)
        for provider in Provider
    }
    per_minute[Vendor.LISTENHUB, LISTENHUB_MODELS["voice"]] = settings.voice_per_minute
    per_minute[Vendor.LISTENHUB, LISTENHUB_MODELS["image"]] = settings.image_per_minute
    window_ms = round(timings.window_s * 1000)
    return [
        SubmitLimit(vendor=vendor, model=model, submits=submits, window_ms=window_ms, simulated=settings.simulated)
        for (vendor, model), submits in per_minute.items()
    ]
