"""The one place that builds HTTP clients: no proxies from the environment, no redirects, no retries, bounded pools."""

import functools
import ssl
from dataclasses import dataclass, field
from typing import Final

import httpx
import httpx2
from ssrfguard import Policy, Resolver
from ssrfguard.httpx import AsyncClient as GuardedClient

#: What httpx raises about the way to a server. Adapters turn it into errors of ours: one that is seen above them comes
#: from somebody else's client.
HTTP_ERRORS: Final = (httpx.HTTPError, httpx.InvalidURL)
USER_AGENT: Final = "longvideo/0.1"
_LIMITS: Final = httpx.Limits(max_connections=40, max_keepalive_connections=10, keepalive_expiry=5.0)
#: A paid POST opens its own connection: one that died while idle would make a send ambiguous for nothing.
_FRESH: Final = httpx.Limits(max_connections=40, max_keepalive_connections=0)
#: Ports a file or webhook of the public internet may live on.
_EGRESS_PORTS: Final = frozenset({80, 443, 8080, 8443})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a vendor is reached and with which key; the key never shows in its repr."""

    base_url: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each kind of request may take in all, in seconds."""

    connect_s: float = 5.0
    post_s: float = 30.0
    get_s: float = 20.0
    download_s: float = 300.0
    #: How far this machine's clock may be off a vendor's before paid orders and lists can't be trusted.
    clock_off_s: float = 20.0


@functools.cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def vendor_http_client(connection: Connection, *, timeouts: Timeouts, keep_alive: bool = True) -> httpx.AsyncClient:
    """Return a client bound to one vendor: its base URL, its key as a bearer token, nothing of the environment."""
    # Pool, TCP and TLS together end before the whole does, so that a dead host is known as "never sent".
    connect_s = min(timeouts.connect_s, timeouts.post_s / 4)
    return httpx.AsyncClient(
        base_url=connection.base_url.rstrip("/") + "/",
        headers={"Authorization": f"Bearer {connection.key}", "User-Agent": USER_AGENT},
        # Each step; the whole is bounded where it is awaited.
        timeout=httpx.Timeout(max(timeouts.get_s, timeouts.post_s), connect=connect_s, pool=connect_s),
        limits=_LIMITS if keep_alive else _FRESH,
        verify=_tls(),
        trust_env=False,
        follow_redirects=False,
    )


def anthropic_http_client(*, timeouts: Timeouts, read_s: float) -> httpx2.AsyncClient:
    """Return the client the `anthropic` SDK is given; the SDK is built on httpx2 and refuses httpx's."""
    return httpx2.AsyncClient(
        headers={"User-Agent": USER_AGENT},
        timeout=httpx2.Timeout(read_s, connect=timeouts.connect_s),
        verify=_tls(),
        trust_env=False,
        follow_redirects=False,
    )


def guarded_http_client(
    url: str, *, allowed_origin: str | None, timeouts: Timeouts, resolver: Resolver | None = None
) -> httpx.AsyncClient:
    """Return a client for a foreign URL: it connects to the public address it checked, and to no other.

    Args:
        url: The one URL it will be asked for.
        allowed_origin: The one origin (`scheme://host:port`) reached without the guard: the simulators'.
        timeouts: Of which `connect_s` and `get_s` bound each step.
        resolver: Who answers for names; the system by default.
    """
    timeout = httpx.Timeout(timeouts.get_s, connect=timeouts.connect_s)
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if allowed_origin is not None and url.startswith(f"{allowed_origin}/"):
        return httpx.AsyncClient(
            headers=headers, timeout=timeout, verify=_tls(), trust_env=False, follow_redirects=False
        )
    return GuardedClient(
        policy=Policy(allowed_ports=_EGRESS_PORTS),
        resolver=resolver,
        headers=headers,
        timeout=timeout,
        verify=_tls(),
        trust_env=False,
        follow_redirects=False,
    )
