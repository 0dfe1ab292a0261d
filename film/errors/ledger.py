"""The rows refuse a write."""

from dataclasses import dataclass

from film.errors.root import LongVideoError
from film.lease_owner import owner_text


class LedgerError(LongVideoError):
    """The rows refuse a write."""


@dataclass(kw_only=True, eq=False)
class StaleEpoch(LedgerError):
    """A run that no longer owns its film tried to write; it must stop and change nothing."""

    film_id: str
    epoch: int

    def __str__(self) -> str:
        return f"{self.film_id}: run {self.epoch} no longer owns the film; a newer run, or its end, has taken over"


@dataclass(kw_only=True, eq=False)
class LeaseTaken(LedgerError):
    """The film has a living owner."""

    film_id: str
    owner: str

    def __str__(self) -> str:
        return f"{self.film_id} is already running on {self.where}; watch it with `longvideo watch {self.film_id}`"

    @property
    def where(self) -> str:
        """The holder as people read it: machine and process id."""
        return owner_text(self.owner)


@dataclass(kw_only=True, eq=False)
class IllegalTransition(LedgerError):
    """A status may not follow another."""

    film_id: str
    current: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.film_id}: {self.wanted} may not follow {self.current}"


@dataclass(kw_only=True, eq=False)
class InvariantBroken(LedgerError):
    """The ledger don't balance; nothing further is written."""

    invariant: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant} is broken: {self.detail}; run `longvideo audit`"


@dataclass(kw_only=True, eq=False)
class DatabaseUnavailable(LedgerError):
    """The database can't be used as it stands."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"The database {self.where} can't be used: {self.reason}"
