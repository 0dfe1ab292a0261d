"""What each vendor's model takes from one key, as the settings say today: what an audit holds submits against."""

from app.catalog import MODELS
from app.settings import Settings
from ledger.audit.purchases import SubmitLimit
from purchasing.timings import Timings


def submit_limits(settings: Settings) -> list[SubmitLimit]:
    """Return what each vendor's model takes from one key, as the settings say today."""
    timings = Timings.simulated(settings.time_scale) if settings.simulated else Timings()
    window_ms = round(timings.window_s * 1000)
    return [
        SubmitLimit(
            vendor=model.vendor,
            model=model.model,
            submits=model.submits(settings),
            window_ms=window_ms,
            simulated=settings.simulated,
        )
        for model in MODELS
    ]
