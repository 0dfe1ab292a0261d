"""The only place that lists vendors: from the request's words to adapters. The composition root calls it.

A `VendorClient` (one a vendor) and a `Claude` (one a model) hold connections; whoever opens them closes them.
"""

from typing import assert_never

from film.callbacks import CallbackAddress
from film.job_specs import ClipSpec, ImageSpec, SoundSpec
from film.profiles import PROFILES, Provider, Vendor
from providers.anthropic.client import Claude
from providers.anthropic.judge import MODEL as JUDGE_MODEL
from providers.anthropic.judge import ClaudeJudge
from providers.anthropic.writer import MODEL as WRITER_MODEL
from providers.anthropic.writer import ClaudeWriter
from providers.http.clients import Connection, Timeouts
from providers.http.egress import Egress
from providers.http.vendor_client import VendorClient
from providers.listenhub.account import ListenHubAccount, ListenHubStorage, ListenHubVoices
from providers.listenhub.images import MODEL as IMAGE_MODEL
from providers.listenhub.images import ListenHubImages
from providers.listenhub.video import ListenHubVideo
from providers.listenhub.voice import ListenHubVoice
from providers.listenhub.voice_request import MODEL as VOICE_MODEL
from providers.ports import Account, JobVendor, Judge, Storage, Voices, Writer
from providers.senseaudio.video import SenseAudio
from providers.vibegen.video import Vibegen

#: The one model each of ListenHub's voices and images, as the rate limit knows them.
LISTENHUB_MODELS = {"voice": VOICE_MODEL, "image": IMAGE_MODEL}
#: What ListenHub's own command line writes into the URL of an uploaded file, so that the vendor can sign it anew.
LISTENHUB_READABLE_ORIGIN = "https://storage.googleapis.com"


def open_vendor_client(
    vendor: Vendor, connection: Connection, *, timeouts: Timeouts | None = None, egress: Egress | None = None
) -> VendorClient:
    """Return one vendor's client; everything bought there goes through it. Close it."""
    return VendorClient(connection, vendor=vendor.value, timeouts=timeouts, egress=egress)


def video_vendor(
    provider: Provider,
    client: VendorClient,
    *,
    callbacks: CallbackAddress | None = None,
) -> JobVendor[ClipSpec]:
    """Return who renders a provider's segments.

    Args:
        provider: The request's provider.
        client: Its vendor's client (`PROFILES[provider].vendor`).
        callbacks: Where a vendor that can may call back; None leaves it to polling.
    """
    profile = PROFILES[provider]
    match profile.vendor:
        case Vendor.LISTENHUB:
            return ListenHubVideo(client, model=profile.model)
        case Vendor.SENSEAUDIO:
            return SenseAudio(client)
        case Vendor.VIBEGEN:
            return Vibegen(client, callbacks=callbacks)
    assert_never(profile.vendor)


def voice_vendor(listenhub: VendorClient) -> JobVendor[SoundSpec]:
    """Return who speaks the narration and plays the music."""
    return ListenHubVoice(listenhub)


def image_vendor(listenhub: VendorClient) -> JobVendor[ImageSpec]:
    """Return who draws the characters' reference sheets."""
    return ListenHubImages(listenhub)


def storage(listenhub: VendorClient, *, readable_origin: str | None = None) -> Storage:
    """Return where ListenHub can read a file of ours; live, `readable_origin` is `LISTENHUB_READABLE_ORIGIN`."""
    return ListenHubStorage(listenhub, readable_origin=readable_origin)


def speakers(listenhub: VendorClient) -> Voices:
    """Return the voices on offer."""
    return ListenHubVoices(listenhub)


def account(vendor: Vendor, client: VendorClient) -> Account:
    """Return the operator's account at a video vendor."""
    match vendor:
        case Vendor.LISTENHUB:
            return ListenHubAccount(client)
        case Vendor.SENSEAUDIO:
            return SenseAudio(client)
        case Vendor.VIBEGEN:
            return Vibegen(client)
    assert_never(vendor)


def writer_claude(
    connection: Connection, *, model: str = WRITER_MODEL, retries_max: int = 2, timeouts: Timeouts | None = None
) -> Claude:
    """Return the model that writes. Close it."""
    return Claude(connection, model=model, retries_max=retries_max, timeouts=timeouts)


def judge_claude(
    connection: Connection, *, model: str = JUDGE_MODEL, retries_max: int = 2, timeouts: Timeouts | None = None
) -> Claude:
    """Return the model that judges. Close it."""
    return Claude(connection, model=model, retries_max=retries_max, timeouts=timeouts)


def writer(claude: Claude) -> Writer:
    """Return who writes the storyboards."""
    return ClaudeWriter(claude)


def judge(claude: Claude) -> Judge:
    """Return who judges the films."""
    return ClaudeJudge(claude)
