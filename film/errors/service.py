"""What this program stands on could not be used, or took too long."""

from dataclasses import dataclass

from film.errors.root import LongVideoError


@dataclass(kw_only=True, eq=False)
class StoreUnavailable(LongVideoError):
    """The object store can't be used, or lacks an object it should have."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"The store can't be used at {self.where}: {self.reason}"


@dataclass(kw_only=True, eq=False)
class PrefectUnavailable(LongVideoError):
    """Prefect's server could not be started, or is not there; `log` is where one of ours has written why."""

    url: str
    reason: str
    log: str | None = None

    def __str__(self) -> str:
        return f"Prefect's server at {self.url} can't be used: {self.reason}" + (
            f"; see {self.log}" if self.log else ""
        )


@dataclass(kw_only=True, eq=False)
class DeadlineExceeded(LongVideoError):
    """Something took longer than it may; `what` names it."""

    what: str
    deadline_s: float

    def __str__(self) -> str:
        return f"{self.what} took longer than {self.deadline_s:.0f} s"


@dataclass(kw_only=True, eq=False)
class AddressUnavailable(LongVideoError):
    """A server can't listen where it was told to."""

    host: str
    port: int
    reason: str
    #: Where another port is named.
    setting: str = "--port"

    def __str__(self) -> str:
        return f"Nothing can be served at {self.host}:{self.port}: {self.reason}; name another port by {self.setting}"


@dataclass(kw_only=True, eq=False)
class OutputNotWritable(LongVideoError):
    """A completed film can't be copied to where it was asked for; it is in the store."""

    film_id: str
    out: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.film_id} is completed, but can't be written to {self.out}: {self.reason}; "
            f"`longvideo make --resume {self.film_id} --out FILE` writes it elsewhere"
        )
