"""Links to stored files for people without the store's keys: signed, and good for a time.

A cloud store presigns them itself. For a store on a disk the HTTP API hands the files out, under addresses that carry
their own end and an HMAC of both: `{public_url}/files/{expires}/{mac}/{key}`.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from film.clock import Clock
from store.objects import Objects

#: Seven days, the longest an S3 store signs for.
LIFE_S: Final = 7 * 86_400
#: Ends are rounded up to the hour, so that a link stays the same, and cached, for a while.
_STEP_S: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Mints and checks links. `public_url` is where the HTTP API is reached, `secret` this program's own."""

    objects: Objects
    public_url: str
    secret: bytes = field(repr=False)
    clock: Clock

    async def link(self, key: str) -> str:
        """Return an address under which anybody may read an object for up to seven days.

        Raises:
            StoreUnavailable: The store can't sign.
        """
        presigned = await self.objects.presigned(key, life_s=LIFE_S)
        if presigned is not None:
            return presigned
        expires = (int(self.clock.now()) // _STEP_S) * _STEP_S + LIFE_S
        return f"{self.public_url.rstrip('/')}{self.path(key, expires=expires)}"

    def path(self, key: str, *, expires: int) -> str:
        """Return the one path at which the HTTP API hands an object out until `expires`."""
        return f"/files/{expires}/{self._mac(key, expires)}/{quote(key)}"

    def allows(self, key: str, *, expires: int, mac: str) -> bool:
        """Return whether an address is one of ours and not past its end; compared in constant time."""
        ours = hmac.compare_digest(self._mac(key, expires).encode(), mac.encode())
        return ours and self.clock.now() < expires

    def _mac(self, key: str, expires: int) -> str:
        return hmac.new(self.secret, f"file:{expires}:{key}".encode(), hashlib.sha256).hexdigest()
