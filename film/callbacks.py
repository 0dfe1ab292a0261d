"""Where a vendor may tell that a job has ended: an address a person can't guess, for a hint that decides nothing."""

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAddress:
    """Where vibegen may call back: `{public_url}/callbacks/vibegen/{nonce}/{mac}`.

    The MAC (HMAC-SHA256 of `vibegen:{nonce}`, hex, under `secret`) makes the address of each attempt unguessable.
    """

    public_url: str
    secret: bytes = field(repr=False)

    def url(self, nonce: int) -> str:
        """Return the one-time address of the attempt with this nonce."""
        return f"{self.public_url.rstrip('/')}/callbacks/vibegen/{nonce}/{self.mac(nonce)}"

    def mac(self, nonce: int) -> str:
        """Return the MAC of the attempt with this nonce."""
        return hmac.new(self.secret, f"vibegen:{nonce}".encode(), hashlib.sha256).hexdigest()

    def accepts(self, nonce: int, mac: str) -> bool:
        """Return whether an address that was called is one of ours, in constant time."""
        return hmac.compare_digest(self.mac(nonce).encode(), mac.encode())
