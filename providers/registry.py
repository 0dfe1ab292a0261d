"""The only place that lists vendors: from the request's words to adapters. The composition root calls it.

A `Wire` (one a vendor) and a `Claude` (one a model) hold connections; whoever opens them closes them.
"""

from film.orders import ClipOrder
from film.profiles import PROFILES, Provider, Vendor
from providers.claude import Claude
from providers.claude_judge import ClaudeJudge
from providers.claude_writer import ClaudeWriter
from providers.listenhub_video import ListenHubVideo
from providers.ports import JobVendor, Judge, Writer
from providers.transport import Connection, Timeouts
from providers.wire import Wire


def open_wire(vendor: Vendor, connection: Connection, *, timeouts: Timeouts | None = None) -> Wire:
    """Return the door to one vendor; everything bought there goes through it. Close it."""
    return Wire(connection, vendor=vendor.value, timeouts=timeouts)


def video_vendor(provider: Provider, wire: Wire, *, allowed_origin: str | None = None) -> JobVendor[ClipOrder]:
    """Return who renders a provider's segments.

    Args:
        provider: The request's provider.
        wire: The door to its vendor (`PROFILES[provider].vendor`).
        allowed_origin: The one origin files may come from besides public addresses: the simulators'.
    """
    return ListenHubVideo(wire, model=PROFILES[provider].model, allowed_origin=allowed_origin)


def writer(claude: Claude) -> Writer:
    """Return who writes the storyboards."""
    return ClaudeWriter(claude)


def judge(claude: Claude) -> Judge:
    """Return who judges the films."""
    return ClaudeJudge(claude)
