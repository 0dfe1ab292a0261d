"""The only place that lists vendors: from the request's words to adapters. The composition root calls it.

A `Wire` (one a vendor) and a `Claude` (one a model) hold connections; whoever opens them closes them.
"""

from typing import assert_never

from film.callbacks import CallbackAddress
from film.orders import ClipOrder, ImageOrder, VoiceOrder
from film.profiles import PROFILES, Provider, Vendor
from providers.claude import Claude
from providers.claude_judge import MODEL as JUDGE_MODEL
from providers.claude_judge import ClaudeJudge
from providers.claude_writer import MODEL as WRITER_MODEL
from providers.claude_writer import ClaudeWriter
from providers.egress import Egress
from providers.listenhub_account import ListenHubAccount, ListenHubStorage, ListenHubVoices
from providers.listenhub_images import MODEL as IMAGE_MODEL
from providers.listenhub_images import ListenHubImages
from providers.listenhub_video import ListenHubVideo
from providers.listenhub_voice import ListenHubVoice
from providers.listenhub_voice_request import MODEL as VOICE_MODEL
from providers.ports import Account, JobVendor, Judge, Storage, Voices, Writer
from providers.senseaudio import SenseAudio
from providers.transport import Connection, Timeouts
from providers.vibegen import Vibegen
from providers.wire import Wire

#: The one model each of ListenHub's voices and images, as the rate gate knows them.
LISTENHUB_MODELS = {"voice": VOICE_MODEL, "image": IMAGE_MODEL}
#: What ListenHub's own command line writes into the URL of an uploaded file, so that the vendor can sign it anew.
LISTENHUB_READABLE_ORIGIN = "https://storage.googleapis.com"


def open_wire(
    vendor: Vendor, connection: Connection, *, timeouts: Timeouts | None = None, egress: Egress | None = None
) -> Wire:
    """Return the door to one vendor; everything bought there goes through it. Close it."""
    return Wire(connection, vendor=vendor.value, timeouts=timeouts, egress=egress)


def video_vendor(
    provider: Provider,
    wire: Wire,
    *,
    callbacks: CallbackAddress | None = None,
) -> JobVendor[ClipOrder]:
    """Return who renders a provider's segments.

    Args:
        provider: The request's provider.
        wire: The door to its vendor (`PROFILES[provider].vendor`).
        callbacks: Where a vendor that can may call back; None leaves it to polling.
    """
    profile = PROFILES[provider]
    match profile.vendor:
        case Vendor.LISTENHUB:
            return ListenHubVideo(wire, model=profile.model)
        case Vendor.SENSEAUDIO:
            return SenseAudio(wire)
        case Vendor.VIBEGEN:
            return Vibegen(wire, callbacks=callbacks)
    assert_never(profile.vendor)


def voice_vendor(listenhub: Wire) -> JobVendor[VoiceOrder]:
    """Return who speaks the narration and plays the music."""
    return ListenHubVoice(listenhub)


def image_vendor(listenhub: Wire) -> JobVendor[ImageOrder]:
    """Return who draws the characters' reference sheets."""
    return ListenHubImages(listenhub)


def storage(listenhub: Wire, *, readable_origin: str | None = None) -> Storage:
    """Return where ListenHub can read a file of ours; live, `readable_origin` is `LISTENHUB_READABLE_ORIGIN`."""
    return ListenHubStorage(listenhub, readable_origin=readable_origin)


def speakers(listenhub: Wire) -> Voices:
    """Return the voices on offer."""
    return ListenHubVoices(listenhub)


def account(vendor: Vendor, wire: Wire) -> Account:
    """Return the operator's account at a video vendor."""
    match vendor:
        case Vendor.LISTENHUB:
            return ListenHubAccount(wire)
        case Vendor.SENSEAUDIO:
            return SenseAudio(wire)
        case Vendor.VIBEGEN:
            return Vibegen(wire)
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
