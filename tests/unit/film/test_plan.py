"""The segment plan and what it costs."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from film.canvas import Resolution, frames_of, samples_of
from film.credits import credits_number, credits_text, milli_credits
from film.plan import plan_price, segment_plan, shot_starts
from film.pricing import segment_price
from film.profiles import PROFILES, Provider
from film.prompts import clip_prompt, script_limits
from film.storyboard import Character, Shot, Storyboard

EVERY_FILM = [(provider, resolution) for provider, profile in PROFILES.items() for resolution in profile.resolutions]


@pytest.mark.parametrize(("provider", "resolution"), EVERY_FILM)
@pytest.mark.parametrize("sound", [False, True])
def test_every_duration_has_a_legal_plan(provider: Provider, resolution: Resolution, *, sound: bool) -> None:
    """For all 178 durations: kept seconds sum exactly, 3..8 each, and every clip can be ordered."""
    profile = PROFILES[provider]
    for duration in range(3, 181):
        plan = segment_plan(duration, provider, resolution, sound=sound)
        assert sum(slot.kept_s for slot in plan) == duration
        assert [slot.index for slot in plan] == list(range(len(plan)))
        for slot in plan:
            assert 3 <= slot.kept_s <= 8
            assert slot.rendered_s in profile.lengths_s
            assert slot.rendered_s >= slot.kept_s
        if profile.continuous and duration >= 4:
            assert all(slot.rendered_s == slot.kept_s for slot in plan), "nothing is rendered to be thrown away"


@pytest.mark.parametrize(
    ("provider", "duration", "kept", "rendered"),
    [
        ("happyhorse", 3, [3], [3]),
        ("happyhorse", 8, [8], [8]),
        ("happyhorse", 9, [5, 4], [5, 4]),
        ("happyhorse", 10, [5, 5], [5, 5]),
        ("happyhorse", 11, [6, 5], [6, 5]),
        ("happyhorse", 17, [6, 6, 5], [6, 6, 5]),
        ("happyhorse", 30, [8, 8, 7, 7], [8, 8, 7, 7]),
        ("happyhorse", 60, [8] * 4 + [7] * 4, [8] * 4 + [7] * 4),
        ("happyhorse", 180, [8] * 19 + [7] * 4, [8] * 19 + [7] * 4),
        ("seedance-fast", 3, [3], [4]),  # its shortest clip is 4 s: 3 are kept, 4 are billed
        ("senseaudio", 3, [3], [4]),
        ("vibegen", 3, [3], [5]),
        ("vibegen", 9, [5, 4], [5, 5]),
        ("vibegen", 17, [7, 5, 5], [10, 5, 5]),
        ("vibegen", 60, [8] * 5 + [5] * 4, [10] * 5 + [5] * 4),
    ],
)
def test_plans_of_the_table(provider: str, duration: int, kept: list[int], rendered: list[int]) -> None:
    """The plans that the credit rules name."""
    plan = segment_plan(duration, Provider(provider), Resolution.P720)
    assert [slot.kept_s for slot in plan] == kept
    assert [slot.rendered_s for slot in plan] == rendered


@pytest.mark.parametrize(
    ("provider", "resolution", "duration", "price"),
    [
        ("happyhorse", "720p", 3, "82.5"),
        ("happyhorse", "720p", 9, "247.5"),
        ("happyhorse", "720p", 30, "825"),
        ("happyhorse", "720p", 60, "1650"),  # the document's own example
        ("happyhorse", "720p", 61, "1677.5"),
        ("happyhorse", "720p", 180, "4950"),
        ("happyhorse", "1080p", 3, "141.6"),  # 47.2 x 3 is 141.60000000000002 in binary
        ("happyhorse", "1080p", 9, "424.8"),
        ("happyhorse", "1080p", 60, "2832"),
        ("happyhorse", "1080p", 61, "2879.2"),
        ("happyhorse", "1080p", 180, "8496"),
        ("seedance-fast", "480p", 3, "72"),
        ("seedance-pro", "1080p", 10, "950"),
        ("senseaudio", "720p", 10, "380"),
        ("vibegen", "720p", 9, "60"),
        ("vibegen", "720p", 17, "105"),
        ("vibegen", "720p", 60, "345"),
    ],
)
def test_prices_are_exact(provider: str, resolution: str, duration: int, price: str) -> None:
    """Estimates are sums of exact prices."""
    plan = segment_plan(duration, Provider(provider), Resolution(resolution))
    assert credits_text(sum(plan_price(plan, Provider(provider), Resolution(resolution)))) == price


@pytest.mark.parametrize(
    ("duration", "kept", "rendered"),
    [(8, [8], [10]), (16, [8, 8], [10, 10]), (17, [7, 5, 5], [10, 5, 5])],
)
def test_at_one_price_the_fewest_clips_are_bought(duration: int, kept: list[int], rendered: list[int]) -> None:
    """Where 10 s cost what 2 x 5 s do (1080p), one shot is filmed, not two."""
    plan = segment_plan(duration, Provider.VIBEGEN, Resolution.P1080)
    assert [slot.kept_s for slot in plan] == kept
    assert [slot.rendered_s for slot in plan] == rendered


def test_vibegen_is_planned_for_the_least_money() -> None:
    """No other mix of 5 s and 10 s clips that can carry a film is cheaper."""
    for resolution, sound, duration in product(Resolution, (False, True), (3, 5, 9, 16, 17, 31, 60, 179, 180)):
        short, long = (
            segment_price(Provider.VIBEGEN, resolution, rendered_s=seconds, sound=sound) for seconds in (5, 10)
        )
        cheapest = min(
            shorts * short + longs * long
            for shorts in range(61)
            for longs in range(61)
            if 3 * (shorts + longs) <= duration <= 5 * shorts + 8 * longs
        )
        plan = segment_plan(duration, Provider.VIBEGEN, resolution, sound=sound)
        assert sum(plan_price(plan, Provider.VIBEGEN, resolution, sound=sound)) == cheapest


@pytest.mark.parametrize(
    ("amount_mc", "number", "text"),
    [
        (1_650_000, 1650, "1650"),
        (1_677_500, 1677.5, "1677.5"),
        (141_600, 141.6, "141.6"),
        (1, 0.001, "0.001"),
        (0, 0, "0"),
    ],
)
def test_credits_as_json_numbers(amount_mc: int, number: float, text: str) -> None:
    """Credits leave this program as exact JSON numbers without trailing noise."""
    assert credits_number(amount_mc) == number
    assert credits_text(amount_mc) == text


@given(st.integers(min_value=0, max_value=10**12))
def test_credits_survive_the_journey_through_text(amount_mc: int) -> None:
    """What is told is what is owned, to the milli-credit."""
    assert milli_credits(credits_text(amount_mc)) == amount_mc


@pytest.mark.parametrize("finer", ["0.0001", "27.50001"])
def test_finer_than_a_milli_credit_is_refused(finer: str) -> None:
    """A price that can't be booked exactly can't be set."""
    with pytest.raises(ValueError, match="finer"):
        milli_credits(finer)


def test_shots_start_where_the_frames_before_them_end() -> None:
    """A shot's first sample is the sum of the frames before it, 2000 samples each."""
    plan = segment_plan(17, Provider.HAPPYHORSE, Resolution.P720)
    assert shot_starts(plan) == [0, samples_of(frames_of(6)), samples_of(frames_of(12))]


@pytest.mark.parametrize("provider", Provider)
def test_longest_allowed_script_fits_the_vendors_prompt(provider: Provider) -> None:
    """If the writer keeps its limits, no composed prompt can be refused or cut by the vendor."""
    profile = PROFILES[provider]
    limits = script_limits(profile)
    people = tuple(Character(id=str(n), look="l" * limits.look) for n in range(limits.characters_per_shot))
    shots = tuple(
        Shot(index=n, prompt="p" * limits.shot, character_ids=tuple(one.id for one in people)) for n in range(23)
    )
    board = Storyboard(title="t", style="s" * limits.style, music="m", characters=people, shots=shots)
    longest = max(len(clip_prompt(board, shot, image_of={"0": 1, "1": 2})) for shot in shots)
    assert longest <= profile.prompt_characters_max
    assert limits.shot >= 150, "there is room to say what is seen"
