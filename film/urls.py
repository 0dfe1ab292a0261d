"""The literal rules for a URL a customer gives: what can be told from its letters alone.

The second guard, at connect time, is `providers/http/clients`: a public name may still resolve to a private address.
"""

from typing import Final
from urllib.parse import urlsplit

from ssrfguard import BlockedURLError, Policy

URL_CHARACTERS_MAX: Final = 2048
_POLICY: Final = Policy(allowed_ports=frozenset({80, 443, 8080, 8443}), max_url_length=URL_CHARACTERS_MAX)
#: Names that only a private network resolves (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal).
_PRIVATE_SUFFIXES: Final = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet", ".corp", ".home")


def url_error(url: str, *, allowed_origin: str | None = None) -> str | None:
    """Return why `url` may not be used, or None.

    Args:
        url: What the customer wrote.
        allowed_origin: The one origin (`scheme://host:port`) that is allowed besides public ones: the simulators'.
    """
    if allowed_origin is not None and url.startswith(f"{allowed_origin}/"):
        return None
    try:
        target = _POLICY.check_url(url)
    except BlockedURLError as error:
        return f"must be a public http or https address: {str(error).partition(' is not permitted: ')[2]}"
    fault = _host_error(target.host.lower())
    if fault is not None:
        return f"must be a public http or https address: its host {fault}"
    return "must not carry a fragment" if urlsplit(url).fragment else None


def _host_error(host: str) -> str | None:
    if "." not in host and ":" not in host:
        return "has no dot"
    if host.endswith((*_PRIVATE_SUFFIXES, ".")):
        return "is a private name or ends in a dot"
    return "is a number in disguise" if _looks_encoded(host) else None


def _looks_encoded(host: str) -> bool:
    """Whether a resolver could read the host as an IPv4 number (`0x7f.1`, `0177.1`); no public name looks like it."""
    last = host.rsplit(".", 1)[-1]
    return ":" not in host and (last.isdigit() or last.startswith("0x")) and not _dotted_quad(host)


def _dotted_quad(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and str(int(part)) == part for part in parts)
