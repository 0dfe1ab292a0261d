"""The simulated vendors as a process of their own: started once a session, steered through its control routes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from film.profiles import Vendor
from providers import registry
from providers.anthropic.client import Claude
from providers.http.clients import Connection
from providers.http.egress import Egress
from providers.http.vendor_client import VendorClient

ROOT = Path(__file__).resolve().parents[3]
_DOORS = {
    Vendor.LISTENHUB: ("listenhub/openapi", "lh_sk_sim_alpha"),
    Vendor.SENSEAUDIO: ("senseaudio", "sk-sense-sim-alpha"),
    Vendor.VIBEGEN: ("vibegen/api/v1", "sk-video-sim-alpha"),
}


class Simulated:
    """The process and its control routes."""

    def __init__(self, url: str, control: httpx.Client) -> None:
        self.url = url
        self._control = control

    def client(self, vendor: Vendor, *, key: str | None = None, files: bool = True) -> VendorClient:
        """Open a client of one vendor, with its key or another; `files`: whether its files may be fetched from here."""
        path, own = _DOORS[vendor]
        connection = Connection(base_url=f"{self.url}/{path}", key=key or own)
        egress = Egress(allowed_origin=self.url if files else None)
        return registry.open_vendor_client(vendor, connection, egress=egress)

    def claude(self, *, retries_max: int = 2) -> Claude:
        """Open a client of Claude."""
        connection = Connection(base_url=f"{self.url}/anthropic", key="sk-ant-sim-alpha")
        return Claude(connection, model="claude-sonnet-5-5", retries_max=retries_max)

    def script(self, *rules: dict[str, Any], **modes: bool) -> None:
        """Put faults and modes in force instead of the former ones."""
        self._control.put("/_control/faults", json={"modes": modes, "rules": rules}).raise_for_status()

    def advance(self, vendor_s: float) -> None:
        """Move the vendors' clock on."""
        self._control.put("/_control/clock", json={"advance_vendor_s": vendor_s}).raise_for_status()

    def fresh(self) -> None:
        """Begin a test: no faults, new rate windows."""
        self.script()
        self.advance(61)

    def jobs(self, service: str) -> list[dict[str, Any]]:
        """Return a service's records: every job that was ever created there."""
        return list(self._control.get("/_control/jobs", params={"service": service}).raise_for_status().json()["jobs"])


@contextmanager
def running(home: Path) -> Iterator[Simulated]:
    """Run the process for the length of the block."""
    command = [sys.executable, "-m", "simulators", "--database", str(home / "world.db"), "--assets", str(home / "a")]
    command += ["--port", "0", "--time-scale", "200", "--parent", str(os.getpid())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        try:
            with httpx.Client(base_url=url, trust_env=False, timeout=90) as control:
                yield Simulated(url, control)
        finally:
            process.terminate()
