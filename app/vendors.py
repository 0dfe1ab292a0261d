"""The connections to the vendors: a client each, and the rate limit in front of every model."""

import hashlib
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from app.catalog import VENDORS, Model
from app.settings import Settings
from film.profiles import Vendor
from ledger.purchases.rate_limit import RateLimit
from providers import registry
from providers.http.clients import Connection, Timeouts
from providers.http.egress import Egress
from providers.http.vendor_client import VendorClient
from providers.ports import JobVendor
from purchasing.context import MeteredVendor
from purchasing.timings import Timings
from simulators.launch import SIMULATED_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorConnections:
    """The open connections: a client a vendor, and what stands behind ListenHub's."""

    clients: dict[Vendor, VendorClient]
    keys: dict[Vendor, str]
    caps: dict[Vendor, Decimal | None]
    timings: Timings
    egress: Egress

    def metered(self, model: Model, adapter: JobVendor[Any], *, submits: int, has_callbacks: bool) -> MeteredVendor:
        """Return a vendor's model with its rate limit; the rate limit is the key's, whatever process asks."""
        account = model.vendor
        rate_limit = RateLimit(
            vendor=model.vendor,
            model=model.model,
            key_print=hashlib.sha256(self.keys[account].encode()).hexdigest()[:16],
            submits=submits,
            window_ms=round(self.timings.window_s * 1000),
            guard_ms=round(self.timings.guard_s * 1000),
            retry_delay_ms=round(self.timings.retry_delay_s * 1000),
            jobs_at_once=model.jobs_at_once,
        )
        setting = f"LONGVIDEO_{account.name}_DAILY_CAP"
        return MeteredVendor(
            adapter=adapter,
            rate_limit=rate_limit,
            daily_cap=self.caps[account],
            cap_setting=setting,
            has_callbacks=has_callbacks,
        )


async def connect_vendors(
    settings: Settings, timings: Timings, origin: str | None, stack: AsyncExitStack
) -> VendorConnections:
    """Open the connections to every vendor, or to its simulator at `origin`; `stack` closes them."""
    timeouts = Timeouts(
        post_s=timings.post_timeout_s, get_s=timings.get_timeout_s, download_s=timings.download_timeout_s
    )
    keys = {vendor: SIMULATED_KEYS[vendor] if origin else settings.key_of(vendor) for vendor in Vendor}
    allowed_origin = None if origin is None else "{0.scheme}://{0.netloc}".format(urlsplit(origin))
    egress = Egress(allowed_origin=allowed_origin, timeouts=timeouts)
    clients = {}
    for vendor in Vendor:
        url = f"{origin}/{VENDORS[vendor].simulator_path}" if origin else settings.url_of(vendor)
        connection = Connection(base_url=url, key=keys[vendor])
        clients[vendor] = await stack.enter_async_context(
            registry.open_vendor_client(vendor, connection, timeouts=timeouts, egress=egress)
        )
    return VendorConnections(
        clients=clients,
        keys=keys,
        caps={vendor: settings.daily_cap_of(vendor) for vendor in Vendor},
        timings=timings,
        egress=egress,
    )
