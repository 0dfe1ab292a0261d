"""A film's holder as people read it."""


def owner_text(owner: str) -> str:
    """Return a holder's machine and process id; the rest of its name is for programs (app/lease_owner)."""
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    return f"{host} (pid {pid})" if pid else host
