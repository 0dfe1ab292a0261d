"""What each vendor's model takes from one key, as the settings say today: what an audit holds submits against."""

from ledger.audit_attempts import SubmitLimit
from tasks.catalog import MODELS
from tasks.settings import Settings
from tasks.timings import Timings


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
