"""The connections to the vendors: a wire each, and the gate in front of every model."""

import hashlib
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from film.profiles import Vendor
from ledger.gate import GateRule
from providers import registry
from providers.ports import JobVendor, Voices
from providers.transport import Connection, Timeouts
from providers.wire import Wire
from simulators.launch import SIMULATED_KEYS
from tasks.desk import Counter
from tasks.settings import Settings
from tasks.timings import Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The open connections: a wire a vendor, and what stands behind ListenHub's."""

    wires: dict[Vendor, Wire]
    keys: dict[Vendor, str]
    caps: dict[Vendor, Decimal | None]
    timings: Timings
    allowed_origin: str | None
    images: JobVendor[Any]
    voices: JobVendor[Any]
    speakers: Voices

    def counter(
        self,
        vendor: JobVendor[Any],
        account: Vendor,
        submits: int,
        *,
        jobs_at_once: int | None = None,
        called_back: bool = False,
    ) -> Counter:
        """Return a vendor's model with its gate; the gate is the key's, whatever process asks."""
        rule = GateRule(
            vendor=vendor.vendor,
            model=vendor.model,
            key_print=hashlib.sha256(self.keys[account].encode()).hexdigest()[:16],
            submits=submits,
            window_ms=round(self.timings.window_s * 1000),
            guard_ms=round(self.timings.guard_s * 1000),
            patience_ms=round(self.timings.patience_s * 1000),
            jobs_at_once=jobs_at_once,
        )
        setting = f"LONGVIDEO_{account.name}_DAILY_CAP"
        return Counter(vendor=vendor, rule=rule, cap=self.caps[account], cap_setting=setting, called_back=called_back)


async def open_doors(settings: Settings, timings: Timings, origin: str | None, stack: AsyncExitStack) -> Doors:
    """Open the connections to every vendor, or to its simulator at `origin`; `stack` closes them."""
    timeouts = Timeouts(
        post_s=timings.post_timeout_s, get_s=timings.get_timeout_s, download_s=timings.download_timeout_s
    )
    keys = {vendor: SIMULATED_KEYS[vendor] if origin else settings.key_of(vendor) for vendor in Vendor}
    paths = {Vendor.LISTENHUB: "listenhub/openapi", Vendor.SENSEAUDIO: "senseaudio", Vendor.VIBEGEN: "vibegen/api/v1"}
    wires = {}
    for vendor in Vendor:
        url = f"{origin}/{paths[vendor]}" if origin else settings.url_of(vendor)
        connection = Connection(base_url=url, key=keys[vendor])
        wires[vendor] = await stack.enter_async_context(registry.open_wire(vendor, connection, timeouts=timeouts))
    allowed_origin = None if origin is None else "{0.scheme}://{0.netloc}".format(urlsplit(origin))
    listenhub = wires[Vendor.LISTENHUB]
    return Doors(
        wires=wires,
        keys=keys,
        caps={vendor: settings.daily_cap_of(vendor) for vendor in Vendor},
        timings=timings,
        allowed_origin=allowed_origin,
        images=registry.image_vendor(listenhub, allowed_origin=allowed_origin),
        voices=registry.voice_vendor(listenhub, allowed_origin=allowed_origin),
        speakers=registry.speakers(listenhub),
    )
