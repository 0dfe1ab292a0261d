"""Every rule of the request: what is refused, in which words, and what is filled in."""

import pytest

from film.errors import InvalidRequest
from film.profiles import Provider
from film.request import load_request, parse_request

PLAIN = {"prompt": "A calm morning by the sea", "duration": 30, "language": "en"}


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"duration": 2}, "duration", "greater than or equal to 3"),
        ({"duration": 181}, "duration", "less than or equal to 180"),
        ({"duration": 9.5}, "duration", "valid integer"),
        ({"duration": "ten"}, "duration", "valid integer"),
        ({"duration": "30"}, "duration", "valid integer"),  # JSON has numbers: text is a mistake
        ({"duration": True}, "duration", "valid integer"),
        ({"duration": None}, "duration", "valid integer"),
        ({"prompt": "   "}, "prompt", "at least 1 character"),
        ({"prompt": "x" * 2001}, "prompt", "at most 2000 characters"),
        ({"prompt": 7}, "prompt", "valid string"),
        ({"provider": "sora"}, "provider", "'happyhorse'"),
        ({"resolution": "480p"}, "resolution", "happyhorse does not render 480p"),
        ({"resolution": "1080p", "provider": "seedance-fast"}, "resolution", "seedance-fast does not render 1080p"),
        ({"resolution": "1080p", "provider": "senseaudio"}, "resolution", "senseaudio does not render 1080p"),
        ({"resolution": "4k"}, "resolution", "'480p'"),
        ({"aspect_ratio": "21:9"}, "aspect_ratio", "'16:9'"),
        ({"language": "x_y"}, "language", "BCP-47"),
        ({"narration": {"voice_id": ""}}, "narration", "at least 1 character"),
        ({"narration": {"voice": "a"}}, "narration", ""),
        ({"narration": 1}, "narration", "valid boolean"),
        ({"music": {}}, "music", "either url or prompt"),
        ({"music": {"url": "https://a.com/a.mp3", "prompt": "jazz"}}, "music", "either url or prompt"),
        ({"music": {"url": "http://127.0.0.1/a.mp3"}}, "music", "public http or https"),
        ({"subtitles": "yes"}, "subtitles", "'off', 'soft' or 'burned'"),
        ({"title_card": ""}, "title_card", "at least 1 character"),
        ({"end_card": "x" * 81}, "end_card", "at most 80 characters"),
        ({"continuity": "both"}, "continuity", "'anchored' or 'chained'"),
        ({"continuity": "chained", "provider": "vibegen"}, "continuity", "vibegen can't start a clip"),
        ({"reference_images": ["https://a.com/1.png"] * 10}, "reference_images", "at most 9 items"),
        (
            {"reference_images": ["https://a.com/1", "https://a.com/2"], "continuity": "chained"},
            "reference_images",
            "1",
        ),
        ({"reference_images": ["ftp://a.com/1.png"]}, "reference_images", "public http or https"),
        ({"reference_images": "https://a.com/1.png"}, "reference_images", "JSON array"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"seed": 7, "provider": "vibegen"}, "seed", "vibegen takes no seed"),
        ({"seed": 2**31}, "seed", "less than or equal to 2147483647"),
        ({"approve": "no"}, "approve", "valid boolean"),
        ({"webhook_url": "http://localhost/hook"}, "webhook_url", "no dot"),
        ({"webhook_url": "https://a.com/" + "x" * 2048}, "webhook_url", "at most 2048"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata", "at most 16 keys"),
        ({"metadata": {"k" * 65: ""}}, "metadata", "at most 64"),
        ({"metadata": {"k": "v" * 513}}, "metadata", "at most 512"),
        ({"metadata": {"k": 1}}, "metadata", "valid string"),
        ({"colour": "red"}, "colour", "unknown field"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_field_is_refused_by_name(fields: dict, field: str, reason: str) -> None:
    """A wrong field is named, with why it is wrong."""
    with pytest.raises(InvalidRequest) as refused:
        parse_request({**PLAIN, **fields})
    assert refused.value.field == field
    assert reason in refused.value.reason
    assert str(refused.value).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"duration": 2}, "duration: should be greater than or equal to 3"),
        ({"music": {}}, "music: give either url or prompt"),
        ({"colour": "red"}, "colour: unknown field"),
        (
            {"continuity": "chained", "provider": "vibegen"},
            "continuity: vibegen can't start a clip from a given frame; use anchored",
        ),
    ],
    ids=["limit", "union", "unknown", "whole"],
)
def test_a_refusal_is_a_plain_sentence(fields: dict, sentence: str) -> None:
    """The field and the rule; no word of the library that found it."""
    with pytest.raises(InvalidRequest) as refused:
        parse_request({**PLAIN, **fields})
    assert str(refused.value) == sentence


@pytest.mark.parametrize("field", ["prompt", "duration"])
def test_missing_field_is_named(field: str) -> None:
    """Prompt and duration have no default."""
    fields = {name: value for name, value in PLAIN.items() if name != field}
    with pytest.raises(InvalidRequest, match=f"{field}: is required"):
        parse_request(fields)


def test_defaults_are_the_documented_ones() -> None:
    """What isn't said is filled in, and kept with the film."""
    request = parse_request(PLAIN)
    kept = request.model_dump(mode="json")
    assert kept == {
        **PLAIN,
        "provider": "happyhorse",
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "narration": True,
        "music": True,
        "native_sound": False,
        "subtitles": "soft",
        "title_card": None,
        "end_card": None,
        "continuity": "anchored",
        "reference_images": [],
        "seed": None,
        "approve": False,
        "webhook_url": None,
        "metadata": {},
    }
    assert load_request(kept) == request


def test_a_stored_url_is_not_judged_again() -> None:
    """A film that was ordered from the simulators, or under older rules, can still be read."""
    kept = {**PLAIN, "webhook_url": "http://127.0.0.1:8460/hook"}
    assert load_request(kept).webhook_url == kept["webhook_url"]
    with pytest.raises(InvalidRequest):
        parse_request(kept)


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("城市清晨的延时风光", "zh"),
        ("猫", "zh"),  # one character is still no English
        ("A cat", "en"),  # too short to be sure of anything else
        ("Ein ruhiger Morgen in der Stadt", "de"),
        ("Una mañana tranquila", "es"),  # no Quechua: rare languages are no candidates
        ("朝の街を歩く", "ja"),
        ("!!!", "en"),
    ],
)
def test_language_is_guessed_from_the_prompt(prompt: str, language: str) -> None:
    """Without a language the prompt's own is taken."""
    assert parse_request({"prompt": prompt, "duration": 3}).language == language


def test_prompt_is_trimmed_and_counted_in_characters() -> None:
    """2000 characters are allowed, whatever they weigh in bytes."""
    assert len(parse_request({**PLAIN, "prompt": f"  {'影' * 2000}  "}).prompt) == 2000


def test_simulators_origin_is_the_only_private_one_allowed() -> None:
    """Simulated mode may name its own simulators, and nothing beside them."""
    origin = "http://127.0.0.1:8460"
    mine = {**PLAIN, "reference_images": [f"{origin}/assets/a.png"]}
    assert parse_request(mine, allowed_origin=origin).reference_images
    for url in (f"{origin}0/a.png", "http://127.0.0.1:8461/a.png", f"{origin}@evil.com/"):
        with pytest.raises(InvalidRequest):
            parse_request({**PLAIN, "reference_images": [url]}, allowed_origin=origin)
    with pytest.raises(InvalidRequest):
        parse_request(mine)


@pytest.mark.parametrize("provider", Provider)
def test_every_provider_takes_its_first_resolution(provider: Provider) -> None:
    """What a profile offers can be ordered."""
    resolution = parse_request({**PLAIN, "provider": provider, "resolution": "720p"}).resolution
    assert resolution == "720p"


@pytest.mark.parametrize(
    ("fields", "rendered", "prices_mc"),
    [
        ({"resolution": "480p"}, [5] * 5, [15_000] * 5),
        ({"resolution": "720p"}, [10] * 3, [45_000] * 3),
        ({"resolution": "720p", "native_sound": True}, [5] * 5, [43_000] * 5),
        ({"resolution": "1080p"}, [5] * 5, [50_000] * 5),
        ({"resolution": "1080p", "native_sound": True}, [5] * 5, [90_000] * 5),
    ],
    ids=str,
)
def test_a_request_costs_what_it_asks_for(fields: dict, rendered: list[int], prices_mc: list[int]) -> None:
    """Its resolution and its sound decide which clips are cheapest, and are in the price of each."""
    request = parse_request({**PLAIN, **fields, "provider": "vibegen", "duration": 24})
    assert [slot.rendered_s for slot in request.plan()] == rendered
    assert list(request.prices()) == prices_mc


@pytest.mark.parametrize(
    ("provider", "seed", "chained"),
    [
        ("happyhorse", True, True),
        ("seedance-fast", True, True),
        ("seedance-pro", True, True),
        ("senseaudio", False, True),
        ("vibegen", False, False),
    ],
)
def test_seeds_and_chains_are_for_those_who_have_them(provider: str, *, seed: bool, chained: bool) -> None:
    """A request that the model can meet is taken, any other is refused."""
    for fields, taken in (({"seed": 7}, seed), ({"continuity": "chained"}, chained)):
        order = {**PLAIN, "provider": provider, **fields}
        if taken:
            assert parse_request(order)
        else:
            with pytest.raises(InvalidRequest):
                parse_request(order)
