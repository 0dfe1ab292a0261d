"""What the house stands on could not be used, or took too long."""

from dataclasses import dataclass

from film.errors.root import LongVideoError


@dataclass(kw_only=True, eq=False)
class StoreUnusable(LongVideoError):
    """The object store can't be used, or lacks an object it should have."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"The store can't be used at {self.where}: {self.reason}"


@dataclass(kw_only=True, eq=False)
class PrefectUnavailable(LongVideoError):
    """Prefect's server could not be started."""

    url: str
    reason: str
    log: str

    def __str__(self) -> str:
        return f"Prefect's server at {self.url} can't be used: {self.reason}; see {self.log}"


@dataclass(kw_only=True, eq=False)
class DeadlineExceeded(LongVideoError):
    """Something took longer than it may; `what` names it."""

    what: str
    deadline_s: float

    def __str__(self) -> str:
        return f"{self.what} took longer than {self.deadline_s:.0f} s"


@dataclass(kw_only=True, eq=False)
class AddressUnusable(LongVideoError):
    """A server can't listen where it was told to."""

    host: str
    port: int
    reason: str

    def __str__(self) -> str:
        return f"Nothing can be served at {self.host}:{self.port}: {self.reason}; name another --port"
