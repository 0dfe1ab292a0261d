"""The rate card: what one rendered segment costs the customer, exactly."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from film.canvas import Resolution
from film.credits import MilliCredits, milli_credits
from film.profiles import Provider


@cache
def _card() -> dict[str, Any]:
    return tomllib.loads(files("film").joinpath("rate_card.toml").read_text("utf-8"))


def segment_price(provider: Provider, resolution: Resolution, *, rendered_s: int, sound: bool) -> MilliCredits:
    """Return the price of one segment in milli-credits.

    Args:
        provider: Who renders it.
        resolution: One the provider's profile has.
        rendered_s: The length that is ordered (not the length kept), in seconds.
        sound: Whether the vendor's own sound is ordered; only vibegen prices it.

    Source: Long Video API, billing; vibegen, section 7; the rest of the card is ours.
    """
    per_clip = _card()["per_clip"].get(provider)
    if per_clip is not None:
        return milli_credits(per_clip["sound" if sound else "silent"][resolution][str(rendered_s)])
    return MilliCredits(milli_credits(_card()["per_second"][provider][resolution]) * rendered_s)
