"""What the simulators raise: refusals that become a vendor's reply, and errors of the simulators themselves."""

from collections.abc import Mapping
from typing import Any


class SimulatorError(Exception):
    """The root of everything raised here on purpose."""


class Refusal(SimulatorError):
    """A vendor says no: the HTTP status, the documented body and headers it says it with."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {dict(body)}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class NotEnoughCredits(SimulatorError):
    """The user's balance does not cover the price; nothing was created."""

    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(f"Required: {needed}, Available: {available}")
        self.needed = needed
        self.available = available


class TooMany(SimulatorError):
    """A rate window is full; a place is free after `retry_after_s` real seconds."""

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__(f"next place in {retry_after_s:.3f} s")
        self.retry_after_s = retry_after_s


class TooManyAtOnce(SimulatorError):
    """The user has as many jobs running as the vendor allows."""


class AssetMissing(SimulatorError):
    """No such file, or no longer."""


class SpeechUnavailable(SimulatorError):
    """The speech synthesiser can't be loaded or has no voice for a language."""
