"""The segment plan: how many seconds each segment keeps and renders. A pure function; it is what gets priced."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from film.canvas import Resolution, frames_of, samples_of
from film.credits import MilliCredits
from film.pricing import segment_price
from film.profiles import PROFILES, Profile, Provider

#: The most seconds a segment keeps (Long Video API: limits).
KEPT_S_MAX: Final = 8
#: The least seconds a segment keeps.
KEPT_S_MIN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One segment of the plan: its place, the seconds the film keeps of it and the seconds that are rendered."""

    index: int
    kept_s: int
    rendered_s: int


def segment_plan(
    duration_s: int, provider: Provider, resolution: Resolution, *, sound: bool = False
) -> tuple[Slot, ...]:
    """Return the slots of a film of `duration_s` (3..180) seconds; kept seconds sum to it exactly.

    Lengths are balanced, never "8, 8, ..., rest": a rest of 1 or 2 s can't be ordered anywhere.
    """
    profile = PROFILES[provider]
    if profile.continuous:
        kept = _balanced(duration_s)
        rendered: Sequence[int] = [max(seconds, profile.shortest_s) for seconds in kept]
    else:
        kept, rendered = _from_fixed_lengths(duration_s, profile, resolution, sound=sound)
    return tuple(
        Slot(index=index, kept_s=kept_s, rendered_s=rendered_s)
        for index, (kept_s, rendered_s) in enumerate(zip(kept, rendered, strict=True))
    )


def plan_price(
    plan: Sequence[Slot], provider: Provider, resolution: Resolution, *, sound: bool = False
) -> tuple[MilliCredits, ...]:
    """Return what each slot costs, in milli-credits; the film's estimate is their sum."""
    return tuple(segment_price(provider, resolution, rendered_s=slot.rendered_s, sound=sound) for slot in plan)


def shot_starts(plan: Sequence[Slot]) -> list[int]:
    """Return the film's audio sample at which each slot starts."""
    starts, sample = [], 0
    for slot in plan:
        starts.append(sample)
        sample += samples_of(frames_of(slot.kept_s))
    return starts


def _balanced(duration_s: int) -> list[int]:
    count = -(-duration_s // KEPT_S_MAX)
    short, longer = divmod(duration_s, count)
    return [short + 1] * longer + [short] * (count - longer)


def _from_fixed_lengths(
    duration_s: int, profile: Profile, resolution: Resolution, *, sound: bool
) -> tuple[list[int], list[int]]:
    """Choose counts of the short and the long clip by (price, rendered seconds, number), then deal out the seconds.

    Every clip keeps at least 3 s and at most its own length or 8 s; the long clips come first.
    """
    short_s, long_s = profile.lengths_s
    short_kept_max, long_kept_max = min(short_s, KEPT_S_MAX), min(long_s, KEPT_S_MAX)
    short_price, long_price = (
        segment_price(profile.provider, resolution, rendered_s=seconds, sound=sound) for seconds in (short_s, long_s)
    )
    most = duration_s // KEPT_S_MIN
    choices = [
        (shorts * short_price + longs * long_price, shorts * short_s + longs * long_s, shorts + longs, longs)
        for shorts in range(most + 1)
        for longs in range(most + 1 - shorts)
        if shorts + longs > 0 and duration_s <= shorts * short_kept_max + longs * long_kept_max
    ]
    _, _, count, longs = min(choices)
    limits = [long_kept_max] * longs + [short_kept_max] * (count - longs)
    kept = [KEPT_S_MIN] * count
    left = duration_s - KEPT_S_MIN * count
    while left:
        for index, limit in enumerate(limits):
            if left and kept[index] < limit:
                kept[index] += 1
                left -= 1
    return kept, [long_s] * longs + [short_s] * (count - longs)
