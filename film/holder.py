"""A film's holder as people read it."""


def holder_text(holder: str) -> str:
    """Return a holder's machine and process id; the rest of its name is for programs (tasks/holder)."""
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    return f"{host} (pid {pid})" if pid else host
