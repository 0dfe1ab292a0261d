"""Small values that others count on: frames and samples, sizes, ids, callback addresses, content keys."""

import re

import pytest

from film.callbacks import CallbackAddress
from film.canvas import AspectRatio, Canvas, Resolution, canvas_for, frames_of, samples_of
from film.clock import SystemClock, elapsed_s
from film.ids import new_attempt_id, new_film_id
from film.job_specs import ClipSpec, ImageRef, ImageSpec, JobSpec, SoundSpec, fingerprint
from film.profiles import PROFILES, Correlation, Provider, Vendor


def test_a_second_is_24_frames_of_2000_samples() -> None:
    """Integers all through: 180 s are 4320 frames and 8 640 000 samples."""
    assert (frames_of(180), samples_of(frames_of(180))) == (4320, 8_640_000)


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("ratio", AspectRatio)
def test_a_canvas_is_even_and_of_its_ratio(resolution: Resolution, ratio: AspectRatio) -> None:
    """Its short side is the resolution's; it is as wide as the ratio says, to the even pixel."""
    canvas = canvas_for(resolution, ratio)
    width, height = map(int, ratio.split(":"))
    assert min(canvas.width, canvas.height) == int(resolution.removesuffix("p"))
    assert (canvas.width % 2, canvas.height % 2) == (0, 0)
    assert canvas.width / canvas.height == pytest.approx(width / height, rel=0.002)


def test_a_tall_film_is_a_wide_one_turned() -> None:
    """854 x 480 for 480p: the vendors' own size."""
    assert canvas_for(Resolution.P480, AspectRatio.WIDE) == Canvas(width=854, height=480)
    assert canvas_for(Resolution.P480, AspectRatio.TALL) == Canvas(width=480, height=854)


def test_ids_tell_what_they_are_of() -> None:
    """A film's begins with vid_, an attempt's with att_; no two are alike."""
    assert re.fullmatch("vid_[0-9a-f]{24}", new_film_id())
    assert re.fullmatch("att_[0-9a-f]{24}", new_attempt_id())
    assert len({new_film_id() for _ in range(100)} | {new_attempt_id() for _ in range(100)}) == 200


def test_a_callback_address_is_of_one_attempt_and_one_secret() -> None:
    """Only the attempt's own MAC under our secret is accepted, whatever slash the public URL ends with."""
    ours = CallbackAddress(public_url="https://films.example/", secret=b"s")
    assert ours.url(7) == f"https://films.example/callbacks/vibegen/7/{ours.mac(7)}"
    assert len(ours.mac(7)) == 64
    assert ours.accepts(7, ours.mac(7))
    assert not ours.accepts(8, ours.mac(7))
    assert not ours.accepts(7, CallbackAddress(public_url=ours.public_url, secret=b"t").mac(7))
    assert not ours.accepts(7, "é")
    assert "s'" not in repr(ours)


def test_a_fingerprint_tells_orders_apart() -> None:
    """Equal orders share it; another model, kind, word or reference has another."""
    clip = ClipSpec(
        prompt="A gull", rendered_s=5, resolution=Resolution.P720, ratio=AspectRatio.WIDE, sound=False, seed=1
    )
    image = ImageRef(url="https://x/1", width=1, height=1, size_bytes=1)
    orders = [
        ("m", clip),
        ("n", clip),
        ("m", SoundSpec(text="A gull")),
        ("m", SoundSpec(text="A gull", voice_id="v")),
        ("m", ClipSpec(**{**{name: getattr(clip, name) for name in clip.__slots__}, "references": (image,)})),
    ]
    assert len({fingerprint(model, order) for model, order in orders}) == len(orders)
    assert fingerprint("m", SoundSpec(text="A gull")) == fingerprint("m", SoundSpec(text="A gull"))
    assert len(fingerprint("m", clip)) == 64


@pytest.mark.parametrize(
    ("spec", "digest"),
    [
        (
            ClipSpec(
                prompt="A gull",
                rendered_s=5,
                resolution=Resolution.P720,
                ratio=AspectRatio.WIDE,
                sound=False,
                references=(ImageRef(url="https://a.example/1.png", width=720, height=1280, size_bytes=2048),),
                seed=1,
            ),
            "805c83a80eb5ff66404c131d26aceadb4156f099d8c24c7f2e43a1b727005b65",
        ),
        (
            ImageSpec(prompt="A gull", ratio=AspectRatio.WIDE),
            "3258fb9d287de36e69a40867ee6893d284fbe6c2e82d1361211d484102a93518",
        ),
        (
            SoundSpec(text="Die Möwe", voice_id="v", duration_hint_s=9),
            "437fbcc649d0b34e16174a64f611e9d07016efe68415f12b414d848ce49327a4",
        ),
    ],
    ids=["clip", "image", "voice"],
)
def test_a_fingerprint_outlives_a_release(spec: JobSpec, digest: str) -> None:
    """Ledgers hold these: with another digest what was bought before an update would be bought again."""
    assert fingerprint("m", spec) == digest


async def test_the_machines_clock_only_grows() -> None:
    """Waiting no time gives the loop a turn; what has elapsed never becomes less."""
    began_s = elapsed_s()
    await SystemClock().sleep(0)
    assert elapsed_s() >= began_s


def test_every_provider_names_its_source() -> None:
    """A capability without a document is a guess; no vendor may be asked for more than its documents say."""
    assert all(profile.source for profile in PROFILES.values())


@pytest.mark.parametrize("provider", [Provider.HAPPYHORSE, Provider.SEEDANCE_FAST, Provider.SEEDANCE_PRO])
def test_listenhubs_models_share_what_its_document_says(provider: Provider) -> None:
    """Nine images, first frames, seeds that its list echoes, credits in its reports; no callback, no limit at once."""
    facts = PROFILES[provider]
    assert (facts.provider, facts.vendor, facts.correlation) == (provider, Vendor.LISTENHUB, Correlation.SEED)
    assert (facts.reference_images_max, facts.jobs_at_once, facts.url_life_s) == (9, None, None)
    assert (facts.first_frame, facts.seed, facts.reports_credits, facts.calls_back) == (True, True, True, False)
