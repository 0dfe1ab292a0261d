"""What the vendors' contract tests share: a stub vendor, its client, the documents' examples, a clock of its own."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from film.canvas import AspectRatio, Resolution
from film.job_specs import ClipSpec, ImageRef
from providers.http.clients import Connection, Timeouts
from providers.http.egress import Egress
from providers.http.vendor_client import VendorClient
from providers.listenhub.voice_request import VoiceRequest

from .simulated import Simulated, running
from .stub import Stub, served

KEY = "lh_sk_key_that_must_never_show"
EXAMPLES = Path(__file__).parents[1] / "examples"
#: Longer than any answer of the stub takes on a busy machine, also when 200 questions wait for 40 connections.
TIMEOUTS = Timeouts(connect_s=60, post_s=240, get_s=240, download_s=240)
#: For tests that wait until one has run out.
IMPATIENT = Timeouts(connect_s=0.5, post_s=1.2, get_s=1.2, download_s=1.2)

#: Some body to send.
BODY = VoiceRequest(text="hello")


def example(name: str) -> Any:
    """Return a document's recorded example, as it stands."""
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def clip_order(**changes: Any) -> ClipSpec:
    """Return an order that every vendor takes, changed as told."""
    facts: dict[str, Any] = {
        "prompt": "黄昏海边,海浪轻轻拍打礁石",
        "rendered_s": 5,
        "resolution": Resolution.P720,
        "ratio": AspectRatio.WIDE,
        "sound": False,
    }
    return ClipSpec(**{**facts, **changes})


def image_ref(**changes: Any) -> ImageRef:
    """Return a picture that every vendor takes, changed as told."""
    facts: dict[str, Any] = {"url": "https://example.com/a.png", "width": 1024, "height": 768, "size_bytes": 90_000}
    return ImageRef(**{**facts, **changes})


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A vendor of the test's own."""
    async with served() as stub:
        yield stub


@pytest.fixture
async def client(stub: Stub) -> AsyncIterator[VendorClient]:
    """A client of the stub, named listenhub."""
    egress = Egress(allowed_origin=stub.url, timeouts=TIMEOUTS)
    async with VendorClient(
        Connection(base_url=stub.url, key=KEY), vendor="listenhub", timeouts=TIMEOUTS, egress=egress
    ) as client:
        yield client


class TestClock:
    """A clock that is moved by waiting on it."""

    __test__ = False

    def __init__(self) -> None:
        self.at_s = 1_000_000.0
        self.waits_s: list[float] = []

    def now(self) -> float:
        """Return unix seconds."""
        return self.at_s

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.waits_s.append(seconds)
        self.at_s += seconds


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """The simulated vendors, a process a module: clips that nobody waits for end with it."""
    with running(tmp_path_factory.mktemp("simulators")) as simulated:
        yield simulated


@pytest.fixture
def simulated(simulators: Simulated) -> Simulated:
    """The simulated vendors without faults, in new rate windows."""
    simulators.fresh()
    return simulators
