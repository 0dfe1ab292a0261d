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
from providers.egress import Egress
from providers.ports import JobVendor
from providers.transport import Connection, Timeouts
from providers.wire import Wire
from simulators.launch import SIMULATED_KEYS
from tasks.catalog import VENDORS, Model
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
    egress: Egress

    def counter(self, model: Model, vendor: JobVendor[Any], *, submits: int, called_back: bool) -> Counter:
        """Return a vendor's model with its gate; the gate is the key's, whatever process asks."""
        account = model.vendor
        rule = GateRule(
            vendor=model.vendor,
            model=model.model,
            key_print=hashlib.sha256(self.keys[account].encode()).hexdigest()[:16],
            submits=submits,
            window_ms=round(self.timings.window_s * 1000),
            guard_ms=round(self.timings.guard_s * 1000),
            patience_ms=round(self.timings.patience_s * 1000),
            jobs_at_once=model.jobs_at_once,
        )
        setting = f"LONGVIDEO_{account.name}_DAILY_CAP"
        return Counter(vendor=vendor, rule=rule, cap=self.caps[account], cap_setting=setting, called_back=called_back)


async def open_doors(settings: Settings, timings: Timings, origin: str | None, stack: AsyncExitStack) -> Doors:
    """Open the connections to every vendor, or to its simulator at `origin`; `stack` closes them."""
    timeouts = Timeouts(
        post_s=timings.post_timeout_s, get_s=timings.get_timeout_s, download_s=timings.download_timeout_s
    )
    keys = {vendor: SIMULATED_KEYS[vendor] if origin else settings.key_of(vendor) for vendor in Vendor}
    allowed_origin = None if origin is None else "{0.scheme}://{0.netloc}".format(urlsplit(origin))
    egress = Egress(allowed_origin=allowed_origin, timeouts=timeouts)
    wires = {}
    for vendor in Vendor:
        url = f"{origin}/{VENDORS[vendor].simulator_path}" if origin else settings.url_of(vendor)
        connection = Connection(base_url=url, key=keys[vendor])
        wires[vendor] = await stack.enter_async_context(
            registry.open_wire(vendor, connection, timeouts=timeouts, egress=egress)
        )
    return Doors(
        wires=wires,
        keys=keys,
        caps={vendor: settings.daily_cap_of(vendor) for vendor in Vendor},
        timings=timings,
        egress=egress,
    )
